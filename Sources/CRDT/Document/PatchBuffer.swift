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

    /// Whether a splice that goes on where the one before ended becomes part of it.
    private let joins: Bool

    private static let isOther = UInt32.max

    /// An empty buffer, for one document or for several in turn.
    ///
    /// - Parameter joining: whether a splice that goes on where the one before it in the same text ended becomes part of
    ///   it, as typing and erasing mostly do. What was typed over a day is then a few patches for whoever shows them; which
    ///   change did what is lost.
    public init(joining: Bool = false) {
        joins = joining
    }

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
        if joins, reopenLast(container, utf16Offset, 0) {
            units.append(unit)
            return closeLast(inserted: 1)
        }
        append(container, utf16Offset, 0, 1, Int(unit))
    }

    @inline(__always)
    mutating func delete(_ count: Int, at utf16Offset: Int, in container: UInt32) {
        if joins, reopenLast(container, utf16Offset, count) { return closeLast(inserted: 0) }
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
        if joins, reopenLast(container, utf16Offset, 0) {
            for index in address..<address + count { units.append(text[index]) }
            return closeLast(inserted: count)
        }
        append(container, utf16Offset, 0, count, units.count)
        for index in address..<address + count { units.append(text[index]) }
    }

    /// Adds a patch of any kind as it is.
    mutating func append(_ patch: Patch) {
        if joins, case .text(let splice) = patch, joinLast(splice) { return }
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

// MARK: - Joining

extension PatchBuffer {
    /// Has the last patch take up a deletion that begins in or before what it inserted and reaches its end at least.
    ///
    /// Its units are the last of all then: further ones may be appended, until ``closeLast(inserted:)``.
    ///
    /// - Returns: false, and nothing was done, when it is of another text, or elsewhere in it.
    @inline(never)
    private mutating func reopenLast(_ container: UInt32, _ utf16Offset: Int, _ deleteCount: Int) -> Bool {
        let last = records.count - 1
        let name = UInt32(truncatingIfNeeded: firstName) &+ container
        guard last >= 0, records[last].container == name else { return false }
        let start = Int(records[last].utf16Offset)
        let inserted = Int(records[last].insertCount)
        let end = start + inserted
        guard utf16Offset <= end, utf16Offset + deleteCount >= end else { return false }
        if inserted == 1 { units.append(UInt16(truncatingIfNeeded: records[last].units)) }
        let kept = max(0, utf16Offset - start)
        for _ in kept..<inserted { _ = units.popLast() }
        records[last].utf16Offset = UInt32(truncatingIfNeeded: min(start, utf16Offset))
        records[last].deleteCount += UInt32(truncatingIfNeeded: deleteCount - (inserted - kept))
        records[last].insertCount = UInt32(truncatingIfNeeded: kept)
        records[last].units = units.count - kept
        return true
    }

    private mutating func closeLast(inserted: Int) {
        let last = records.count - 1
        records[last].insertCount += UInt32(truncatingIfNeeded: inserted)
        switch records[last].insertCount {
        case 0 where records[last].deleteCount == 0: _ = records.popLast()
        case 1: records[last].units = Int(units.popLast() ?? 0)
        default: break
        }
    }

    /// The same for a patch that is kept as it is.
    private mutating func joinLast(_ splice: TextPatch) -> Bool {
        let last = records.count - 1
        // Taken out, so that its units are not copied.
        guard last >= 0, records[last].container == Self.isOther, case .text(let kept)? = others.last,
            kept.touches(splice)
        else { return false }
        guard case .text(var joined)? = others.popLast() else { return false }
        joined.join(splice)
        if joined.deleteCount == 0, joined.insert.isEmpty {
            _ = records.popLast()
            return true
        }
        records[last].utf16Offset = UInt32(truncatingIfNeeded: joined.utf16Offset)
        records[last].deleteCount = UInt32(truncatingIfNeeded: joined.deleteCount)
        records[last].insertCount = UInt32(truncatingIfNeeded: joined.insert.count)
        others.append(.text(joined))
        return true
    }
}

extension TextPatch {
    /// Whether the next splice of the same text begins in or before what this one inserts, and reaches its end.
    fileprivate func touches(_ next: TextPatch) -> Bool {
        let end = utf16Offset + insert.count
        return next.text == text && next.utf16Offset <= end && next.utf16Offset + next.deleteCount >= end
    }

    /// Takes up a splice that touches it.
    ///
    /// - Complexity: amortised O(*n*) for *n* units of that splice.
    fileprivate mutating func join(_ next: TextPatch) {
        let kept = max(0, next.utf16Offset - utf16Offset)
        deleteCount += next.deleteCount - (insert.count - kept)
        utf16Offset = min(utf16Offset, next.utf16Offset)
        insert.removeLast(insert.count - kept)
        insert += next.insert
    }
}
