/// Validates a received change against a document, before anything is changed, and keeps what it found out.
struct ChangeResolver: ~Copyable, Sendable {
    private(set) var operations = Slab<ResolvedOperation>()
    /// One for each element that the change inserts: its unit, 0 when it is none of a text.
    private(set) var units: [UInt16] = []
    /// The text that is restored.
    private(set) var restoredUnits: [UInt16] = []
    private(set) var values: [ResolvedValue] = []
    private(set) var keys: [[UInt8]] = []
    private(set) var names: [ContainerTable.RootKey] = []
    /// Their kinds and names, numbered as they are.
    private var nameIndices = NameTable()
    /// Whether there are halves of pairs in the change.
    private(set) var hasSurrogates = false
    /// The Lamport timestamp of its first element.
    private(set) var lamport: UInt64 = 0

    // Of the change being looked at.
    var author: Int?
    var firstCounter: UInt32 = 0
    private var touchedCount = 0
    /// What the change inserts, where that is more than text after something: ascending by counter.
    private var pending: [PendingElements] = []
    private var pendingContainers = NumberTable()

    /// Consecutive elements of one kind that the change inserts.
    struct PendingElements {
        var first: UInt32
        var kind: ElementKind
        /// The list they are in; unknown for text.
        var target: ResolvedTarget
    }

    struct PendingContainer {
        var kind: ContainerKind
        var depth: Int
    }

    init() {}

    /// Finds out what every operation means in `store`.
    ///
    /// A change can refer to elements that it inserts itself.
    mutating func resolve(_ change: Change, in store: borrowing ElementStore) throws(ChangeError) {
        var reader = OperationReader(change)
        try resolve(&reader, change.encoded, by: change.replica, advance: change.lamportAdvance, in: store)
    }

    /// The same for operations of a change that is being made; its elements so far are in `store`.
    mutating func resolve(
        _ reader: inout OperationReader,
        _ bytes: [UInt8],
        by replica: ReplicaID,
        advance: UInt64,
        in store: borrowing ElementStore
    ) throws(ChangeError) {
        forget()
        author = store.replicas.index(of: replica)
        firstCounter = author.map { store.replicas[$0].nextCounter } ?? 0
        let previousEnd = author.map { store.replicas[$0].lamportEnd } ?? 0
        lamport = previousEnd + advance
        // Its author had seen nothing that this document has not: an honest clock is not above this one's.
        guard lamport <= store.clock else { throw .lamportTooLarge }
        while let operation = try Self.next(&reader) { try resolve(operation, bytes, store) }
        guard store.canHold(units.count), UInt64(units.count) < UInt64(UInt32.max - firstCounter)
        else { throw .documentTooLarge }
        guard names.isEmpty || store.containers.rootCount + names.count <= ElementStore.maximumRootCount
        else { throw .tooManyRoots }
        hasSurrogates = hasSurrogates || units.contains { UTF16Unit.isSurrogate($0) }
    }

    private mutating func forget() {
        operations.removeAll()
        units.removeAll(keepingCapacity: true)
        if !restoredUnits.isEmpty { restoredUnits.removeAll() }
        if !values.isEmpty { values.removeAll() }
        if !keys.isEmpty { keys.removeAll() }
        if !names.isEmpty { names.removeAll(keepingCapacity: true) }
        if nameIndices.count > 0 { nameIndices.removeAll() }
        if !pending.isEmpty { pending.removeAll() }
        if !pendingContainers.isEmpty { pendingContainers.removeAll() }
        touchedCount = 0
        hasSurrogates = false
    }

    private static func next(_ reader: inout OperationReader) throws(ChangeError) -> Operation? {
        do throws(FormatError) {
            return try reader.next()
        } catch {
            throw .format(error)
        }
    }

    private mutating func resolve(
        _ operation: Operation,
        _ bytes: [UInt8],
        _ store: borrowing ElementStore
    ) throws(ChangeError) {
        switch operation {
        case .insert(let origin, let text): try insert(bytes, text, after: origin, store)
        case .insertItems(let origin, let values): try insert(bytes, values, after: origin, store)
        case .delete(let first, let count): try delete(first, count, store)
        case .set(let target, let key, let value): try set(target, bytes, key, value, store)
        case .move(let item, let origin): try move(item, after: origin, store)
        case .restoreText(let first, let text): try restore(first, bytes, text, store)
        case .restoreItems(let first, let values): try restore(first, bytes, values, store)
        }
    }

    // MARK: What the operations add

    mutating func append(_ operation: ResolvedOperation) { operations.append(operation) }

    /// Decodes the text of an insertion; how many elements it has is returned.
    mutating func appendUnits(_ bytes: [UInt8], _ text: Range<Int>) throws(ChangeError) -> Int {
        let first = units.count
        // What was inserted before may not have been text.
        if let last = pending.last, last.kind != .text {
            pending.append(PendingElements(first: nextCounter, kind: .text, target: ResolvedTarget()))
        }
        guard UTF8Text.decode(bytes, in: text, into: &units) else { throw .format(.illFormedUTF8) }
        return units.count - first
    }

    mutating func appendRestoredUnits(_ bytes: [UInt8], _ text: Range<Int>) throws(ChangeError) -> Int {
        let first = restoredUnits.count
        guard UTF8Text.decode(bytes, in: text, into: &restoredUnits) else { throw .format(.illFormedUTF8) }
        if !hasSurrogates { hasSurrogates = restoredUnits[first...].contains { UTF16Unit.isSurrogate($0) } }
        return restoredUnits.count - first
    }

    /// Adds elements that are not text.
    mutating func appendElements(_ count: Int, _ kind: ElementKind, in target: ResolvedTarget) {
        pending.append(PendingElements(first: nextCounter, kind: kind, target: target))
        units.append(contentsOf: repeatElement(0, count: count))
    }

    mutating func append(_ value: ResolvedValue) { values.append(value) }

    mutating func append(key: [UInt8]) -> UInt32 {
        keys.append(key)
        return UInt32(keys.count - 1)
    }

    /// Notes that the change's element creates a container.
    mutating func appendContainer(_ kind: ContainerKind, depth: Int, holder: UInt32) throws(ChangeError) {
        guard depth <= ContainerTable.maximumDepth else { throw .nestingTooDeep }
        pendingContainers[UInt64(holder)] = UInt32(depth) << 8 | UInt32(kind.rawValue)
    }

    /// A few bytes can name millions of elements: one change passes over the document once, and not once a byte.
    ///
    /// The first element of each deletion is free: its bytes pay for it.
    mutating func touch(_ count: Int, _ store: borrowing ElementStore) throws(ChangeError) {
        touchedCount += count - 1
        guard touchedCount <= store.elementCount + units.count else { throw .unknownElement }
    }

    // MARK: What the change inserted before

    /// The counter of the author's next element, as of this operation.
    var nextCounter: UInt32 { firstCounter + UInt32(truncatingIfNeeded: units.count) }

    /// The counter of the author's element at a distance from its next one, as of this operation.
    func own(_ distance: UInt32) -> UInt32? {
        let next = nextCounter
        return distance <= next ? next - distance : nil
    }

    /// What the change's own element is, and in which list.
    func pendingElement(_ counter: UInt32) -> (kind: ElementKind, target: ResolvedTarget) {
        var low = 0
        var high = pending.count
        while low < high {
            let middle = (low + high) / 2
            if pending[middle].first <= counter { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? (.text, ResolvedTarget()) : (pending[low - 1].kind, pending[low - 1].target)
    }

    func pendingContainer(_ counter: UInt32) -> PendingContainer? {
        guard let packed = pendingContainers[UInt64(counter)],
            let kind = ContainerKind(rawValue: UInt8(truncatingIfNeeded: packed))
        else { return nil }
        return PendingContainer(kind: kind, depth: Int(packed >> 8))
    }

    var pendingCount: Int { pending.count }

    mutating func target(
        ofRoot bytes: [UInt8],
        _ kind: ContainerKind,
        _ store: borrowing ElementStore
    )
        throws(ChangeError) -> ResolvedTarget
    {
        let name: RootName
        do throws(FormatError) {
            name = try RootName(utf8: bytes)
        } catch {
            throw .format(error)
        }
        if let known = store.containers.root(kind, name) { return ResolvedTarget(container: known) }
        let key = [kind.rawValue] + bytes
        if let known = nameIndices.number(of: key) { return ResolvedTarget(name: known) }
        guard names.count < ElementStore.maximumRootCount else { throw .tooManyRoots }
        names.append(ContainerTable.RootKey(kind: kind, name: name))
        return ResolvedTarget(name: nameIndices.insert(key))
    }
}
