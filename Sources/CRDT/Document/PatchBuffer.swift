/// Tells one document from another, for as long as somebody holds it.
final class DocumentIdentity: Sendable {}

/// Patches in a row of plain numbers: what received changes did, without an allocation for each.
///
/// It is lent to ``Document/receive(_:patches:)-(Span<UInt8>,_)`` and read by whoever follows the document. Patches come in
/// order; each one's offset counts in the text as the one before left it.
public struct PatchBuffer: ~Copyable, Sendable {
    struct Record: BitwiseCopyable, Sendable {
        var container: UInt32
        var utf16Offset: UInt32
        var deleteCount: UInt32
        var insertCount: UInt32
        /// Where the inserted units start; a single one is here itself.
        var units: Int
    }

    private var records = Slab<Record>()
    private var units = Slab<UInt16>()
    /// The names of texts and lists of the documents that wrote, by root in the tree; those of the last one from
    /// `firstName` on.
    private var names: [ContainerID] = []
    private var firstName = 0
    /// The document that wrote last, and how many sequences it had then.
    private var writer: DocumentIdentity?
    private var sequenceCount = 0
    /// Patches that are kept as they are; their records have no container, and the place here instead of units.
    private var others: [Patch] = []

    private static let isOther = UInt32.max

    /// An empty buffer, for one document or for several in turn.
    public init() {}

    /// How many patches it holds.
    public var count: Int { records.count }

    /// Forgets the patches and keeps the memory.
    public mutating func removeAll() {
        records.removeAll()
        units.removeAll()
        if firstName > 0 || !others.isEmpty { removeOthers() }
    }

    @inline(never)
    private mutating func removeOthers() {
        others.removeAll()
        names.removeFirst(firstName)
        firstName = 0
    }

    /// A patch as a value.
    ///
    /// - Precondition: the index is below ``count``.
    /// - Complexity: O(n) for n inserted units.
    public subscript(_ index: Int) -> Patch {
        precondition(index >= 0 && index < count, "There is no such patch.")
        let record = records[index]
        if record.container == Self.isOther { return others[record.units] }
        var insert: [UInt16] = []
        if record.insertCount == 1 {
            insert.append(UInt16(truncatingIfNeeded: record.units))
        } else {
            units.read(record.units..<record.units + Int(record.insertCount), into: &insert)
        }
        return .text(
            TextPatch(
                text: TextID(names[Int(record.container)].place),
                utf16Offset: Int(record.utf16Offset),
                deleteCount: Int(record.deleteCount),
                insert: insert
            )
        )
    }

    /// Where a patch of a text is, and how many units it deletes and inserts there: for those who need no value.
    ///
    /// All zero for a patch of a list or a map.
    ///
    /// - Precondition: the index is below ``count``.
    public func splice(at index: Int) -> (utf16Offset: Int, deleteCount: Int, insertCount: Int) {
        precondition(index >= 0 && index < count, "There is no such patch.")
        let record = records[index]
        return (Int(record.utf16Offset), Int(record.deleteCount), Int(record.insertCount))
    }

    // MARK: Writing

    /// Whether another document wrote last, or the same one when it had fewer sequences.
    @inline(__always)
    func isStrange(to document: DocumentIdentity, _ count: Int) -> Bool {
        sequenceCount != count || writer !== document
    }

    /// Takes over the names of a document.
    ///
    /// Those before stay, for the patches that use them.
    mutating func learn(_ store: borrowing ElementStore) {
        // Those of the document that wrote last are known up to its newest sequences.
        if writer !== store.identity {
            if records.count == 0 { names.removeAll(keepingCapacity: true) }
            firstName = names.count
            writer = store.identity
        }
        sequenceCount = store.tree.links.rootCount
        for root in UInt32(names.count - firstName)..<UInt32(sequenceCount) {
            names.append(store.id(of: store.containers.container(ofSequence: root)))
        }
    }

    @inline(__always)
    mutating func insert(_ unit: UInt16, at utf16Offset: Int, in container: UInt32) {
        append(container, utf16Offset, 0, 1, Int(unit))
    }

    @inline(__always)
    mutating func delete(_ count: Int, at utf16Offset: Int, in container: UInt32) {
        append(container, utf16Offset, count, 0, 0)
    }

    /// Notes an insertion of the units that are in the arena from `address` on.
    mutating func insert(
        _ count: Int,
        from address: Int,
        of text: borrowing Slab<UInt16>,
        at utf16Offset: Int,
        in container: UInt32
    ) {
        if count == 1 { return insert(text[address], at: utf16Offset, in: container) }
        append(container, utf16Offset, 0, count, units.count)
        for index in address..<address + count { units.append(text[index]) }
    }

    /// Adds a patch of any kind as it is.
    mutating func append(_ patch: Patch) {
        var record = Record(
            container: Self.isOther,
            utf16Offset: 0,
            deleteCount: 0,
            insertCount: 0,
            units: others.count
        )
        if case .text(let splice) = patch {
            record.utf16Offset = UInt32(truncatingIfNeeded: splice.utf16Offset)
            record.deleteCount = UInt32(truncatingIfNeeded: splice.deleteCount)
            record.insertCount = UInt32(truncatingIfNeeded: splice.insert.count)
        }
        records.append(record)
        others.append(patch)
    }

    @inline(__always)
    private mutating func append(
        _ container: UInt32,
        _ utf16Offset: Int,
        _ deleteCount: Int,
        _ insertCount: Int,
        _ place: Int
    ) {
        records.append(
            Record(
                container: UInt32(truncatingIfNeeded: firstName) &+ container,
                utf16Offset: UInt32(truncatingIfNeeded: utf16Offset),
                deleteCount: UInt32(truncatingIfNeeded: deleteCount),
                insertCount: UInt32(truncatingIfNeeded: insertCount),
                units: place
            )
        )
    }
}
