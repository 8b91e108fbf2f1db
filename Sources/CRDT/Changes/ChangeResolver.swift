/// An operation whose names are found in a document, ready to be done without any further question.
struct ResolvedOperation: BitwiseCopyable, Sendable {
    enum Kind: UInt8, BitwiseCopyable, Sendable {
        case insertAtStart
        case insertAfter
        case delete
    }

    var kind: Kind
    /// The replica of the origin or of the deleted elements; `author` when it is the change's own.
    var replica: UInt32
    var counter: UInt32
    /// How many elements.
    var count: UInt32
    /// Where the inserted units start among those of the change.
    var text: UInt32
    /// Which of the names that the change uses.
    var name: UInt32

    static let author = UInt32.max
}

/// Validates a received change against a document, before anything is changed, and keeps what it found out.
struct ChangeResolver: ~Copyable, Sendable {
    private(set) var operations = Slab<ResolvedOperation>()
    private(set) var units: [UInt16] = []
    private(set) var names: [RootName] = []
    private var nameIndices: [RootName: UInt32] = [:]
    /// Whether there are halves of pairs in the change.
    private(set) var hasSurrogates = false
    /// The Lamport timestamp of its first element.
    private(set) var lamport: UInt64 = 0

    // Of the change being looked at.
    private var author: Int?
    private var firstCounter: UInt32 = 0
    private var deletedCount = 0

    init() {}

    /// Finds out what every operation means in `store`.
    ///
    /// A change can refer to elements that it inserts itself.
    mutating func resolve(_ change: Change, in store: borrowing ElementStore) throws(ChangeError) {
        operations.removeAll()
        units.removeAll(keepingCapacity: true)
        names.removeAll(keepingCapacity: true)
        if !nameIndices.isEmpty { nameIndices.removeAll() }
        deletedCount = 0
        hasSurrogates = false
        author = store.replicas.index(of: change.replica)
        firstCounter = author.map { store.replicas[$0].nextCounter } ?? 0
        let previousEnd = author.map { store.replicas[$0].lamportEnd } ?? 0
        lamport = previousEnd + change.lamportAdvance
        // Its author had seen nothing that this document has not: an honest clock is not above this one's.
        guard lamport <= store.clock else { throw .lamportTooLarge }
        var reader = OperationReader(change)
        while let operation = try Self.next(&reader) {
            switch operation {
            case .insert(let origin, let text): try insert(change.encoded, text, after: origin, store)
            case .delete(let first, let count): try delete(first, count, store)
            }
        }
        guard store.canHold(units.count), units.count <= Int(UInt32.max - 1 - firstCounter)
        else { throw .documentTooLarge }
        var newNames = 0
        for name in names where store.root(named: name) == nil { newNames += 1 }
        guard newNames == 0 || store.rootNames.count + newNames <= ElementStore.maximumRootCount
        else { throw .tooManyRoots }
    }

    private static func next(_ reader: inout OperationReader) throws(ChangeError) -> Operation? {
        do throws(FormatError) {
            return try reader.next()
        } catch {
            throw .format(error)
        }
    }

    private mutating func insert(
        _ bytes: [UInt8],
        _ text: Range<Int>,
        after origin: Operation.Origin,
        _ store: borrowing ElementStore
    ) throws(ChangeError) {
        var operation = ResolvedOperation(
            kind: .insertAfter,
            replica: ResolvedOperation.author,
            counter: 0,
            count: 0,
            text: UInt32(units.count),
            name: 0
        )
        switch origin {
        case .newest:
            guard let counter = own(1) else { throw .unknownOrigin }
            operation.counter = counter
        case .start(let name):
            operation.kind = .insertAtStart
            operation.name = try index(ofName: Array(bytes[name]))
        case .element(.own(let distance)):
            guard let counter = own(distance) else { throw .unknownOrigin }
            operation.counter = counter
        case .element(.other(let replica, let counter)):
            guard let index = store.replicas.index(of: replica), counter < store.replicas[index].nextCounter
            else { throw .unknownOrigin }
            operation.replica = UInt32(index)
            operation.counter = counter
        }
        if operation.kind == .insertAfter { try checkOrigin(operation, store) }
        let first = units.count
        guard UTF8Text.decode(bytes, in: text, into: &units) else { throw .format(.illFormedUTF8) }
        operation.count = UInt32(units.count - first)
        if !hasSurrogates { hasSurrogates = units[first...].contains { UTF16Unit.isSurrogate($0) } }
        operations.append(operation)
    }

    /// An origin is older than what is inserted after it, and not the first half of a pair.
    private func checkOrigin(
        _ operation: ResolvedOperation,
        _ store: borrowing ElementStore
    ) throws(ChangeError) {
        if operation.replica == ResolvedOperation.author {
            if UTF16Unit.isHigh(ownUnit(operation.counter, store)) { throw .splitsSurrogatePair }
            return
        }
        let owner = Int(operation.replica)
        guard store.replicas.lamport(of: operation.counter, by: owner) < lamport + UInt64(units.count)
        else { throw .lamportTooSmall }
        let address = store.replicas.address(of: operation.counter, by: owner)
        if UTF16Unit.isHigh(store.text[Int(address)]) { throw .splitsSurrogatePair }
    }

    private mutating func delete(
        _ reference: Operation.Reference,
        _ count: UInt32,
        _ store: borrowing ElementStore
    ) throws(ChangeError) {
        let first: UInt16
        let last: UInt16
        var operation = ResolvedOperation(
            kind: .delete,
            replica: ResolvedOperation.author,
            counter: 0,
            count: count,
            text: 0,
            name: 0
        )
        switch reference {
        case .own(let distance):
            guard let counter = own(distance) else { throw .unknownElement }
            operation.counter = counter
            first = ownUnit(counter, store)
            last = ownUnit(counter + (count - 1), store)
        case .other(let replica, let counter):
            guard let index = store.replicas.index(of: replica), counter + count <= store.replicas[index].nextCounter
            else { throw .unknownElement }
            operation.replica = UInt32(index)
            operation.counter = counter
            first = store.text[Int(store.replicas.address(of: counter, by: index))]
            last = store.text[Int(store.replicas.address(of: counter + (count - 1), by: index))]
        }
        guard !UTF16Unit.isLow(first), !UTF16Unit.isHigh(last) else { throw .splitsSurrogatePair }
        // A few bytes can name millions of elements: one change passes over the document once, and not once a byte.
        deletedCount += Int(count)
        guard deletedCount <= store.blocks.end + units.count else { throw .unknownElement }
        operations.append(operation)
    }

    /// The counter of the author's element at a distance from its next one, as of this operation.
    private func own(_ distance: UInt32) -> UInt32? {
        let next = Int(firstCounter) + units.count
        return Int(distance) <= next ? UInt32(next - Int(distance)) : nil
    }

    private func ownUnit(_ counter: UInt32, _ store: borrowing ElementStore) -> UInt16 {
        if counter >= firstCounter { return units[Int(counter - firstCounter)] }
        guard let author else { return 0 }
        return store.text[Int(store.replicas.address(of: counter, by: author))]
    }

    private mutating func index(ofName bytes: [UInt8]) throws(ChangeError) -> UInt32 {
        let name: RootName
        do throws(FormatError) {
            name = try RootName(utf8: bytes)
        } catch {
            throw .format(error)
        }
        if let known = nameIndices[name] { return known }
        guard names.count < ElementStore.maximumRootCount else { throw .tooManyRoots }
        nameIndices[name] = UInt32(names.count)
        names.append(name)
        return UInt32(names.count - 1)
    }
}
