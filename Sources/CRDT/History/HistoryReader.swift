/// Goes through the items of a history, which may be hostile.
struct HistoryReader {
    let columns: HistoryColumns
    private(set) var replicas: [HistoryReplica]

    private var kinds: ByteReader
    private var authors: ByteReader
    private var counts: ByteReader
    private var references: ByteReader
    private var referenceRests: ByteReader
    private var sizes: ByteReader
    private var advances: ByteReader
    private var dependencies: ByteReader
    private var others: ByteReader
    private var textPosition = 0
    private var author = 0
    private var authorLeft = 0

    /// Starts at the first item; of the replicas only identifiers and starts are used.
    init(_ columns: HistoryColumns, _ replicas: [HistoryReplica]) {
        self.columns = columns
        self.replicas = replicas.map {
            var fresh = HistoryReplica(id: $0.id)
            fresh.start = $0.start
            fresh.next = $0.start ?? 0
            return fresh
        }
        kinds = ByteReader(columns.kinds)
        authors = ByteReader(columns.authors)
        counts = ByteReader(columns.counts)
        references = ByteReader(columns.references)
        referenceRests = ByteReader(columns.referenceRests)
        sizes = ByteReader(columns.sizes)
        advances = ByteReader(columns.advances)
        dependencies = ByteReader(columns.dependencies)
        others = ByteReader(columns.others)
    }

    /// How many elements the author of the item read last had inserted before it.
    private(set) var elementsBefore: Int64 = 0
    /// How many elements the item read last inserts.
    private(set) var inserted = 0

    /// The next item, or `nil` after the last one, where all columns must end.
    mutating func next() throws(FormatError) -> HistoryItem? {
        if kinds.remaining == 0 {
            try requireEnd()
            return nil
        }
        if authorLeft == 0 {
            author = try replica(&authors)
            authorLeft = Int(try authors.varint32())
            guard authorLeft > 0, replicas[author].start != nil else { throw .invalid }
        }
        authorLeft -= 1
        let flags = try kinds.byte()
        guard let kind = HistoryItem.Kind(rawValue: flags & HistoryFlag.kindMask) else { throw .invalid }
        var item = HistoryItem(kind: kind, author: author, sequence: replicas[author].next, reference: .own(0))
        elementsBefore = replicas[author].elements
        inserted = 0
        if kind == .verbatim {
            guard flags == 0 else { throw .invalid }
            try readVerbatim(&item)
        } else {
            try readMore(&item, flags)
        }
        replicas[author].next += UInt64(item.count)
        guard replicas[author].next < Change.maximumSequence else { throw .overflow }
        return item
    }

    /// The change of the item read last, when it is one in its own bytes.
    private(set) var verbatim: Change?

    private mutating func readVerbatim(_ item: inout HistoryItem) throws(FormatError) {
        item.bytes = try others.prefixedRange()
        let change = try Change(decoding: Array(columns.others[item.bytes]))
        guard change.replica == replicas[author].id, change.sequence == item.sequence else { throw .invalid }
        let count = HistoryWriter.elementCount(of: change)
        inserted = Int(count)
        replicas[author].elements += count
        guard replicas[author].elements < Int64(UInt32.max) else { throw .overflow }
        verbatim = change
    }

    private func requireEnd() throws(FormatError) {
        try authors.requireEnd()
        try counts.requireEnd()
        try references.requireEnd()
        try referenceRests.requireEnd()
        try sizes.requireEnd()
        try advances.requireEnd()
        try dependencies.requireEnd()
        try others.requireEnd()
        guard authorLeft == 0, textPosition == columns.text.count else { throw .invalid }
    }

    private func replica(_ source: inout ByteReader) throws(FormatError) -> Int {
        let place = Int(try source.varint32())
        guard place < replicas.count else { throw .invalid }
        return place
    }

    private mutating func readMore(_ item: inout HistoryItem, _ flags: UInt8) throws(FormatError) {
        if flags & HistoryFlag.advance != 0 {
            item.advance = try advances.varint()
            guard item.advance > 0 else { throw .invalid }
            guard item.advance < Change.maximumSequence else { throw .overflow }
        }
        if flags & HistoryFlag.dependency != 0 {
            let place = try replica(&dependencies)
            let known = replicas[place].lastKnown &+ UInt64(bitPattern: ByteReader.unzigzag(try dependencies.varint()))
            guard place != item.author, known > 0, known < Change.maximumSequence else { throw .invalid }
            replicas[place].lastKnown = known
            item.dependency = (place, known)
        }
        try readReference(&item, flags)
        let count = try counts.varint32()
        guard count > 0 else { throw .invalid }
        switch item.kind {
        case .delete:
            guard count > 1 else { throw .invalid }
            item.deleteCount = count
        case .insert: try readText(&item, flags, count: Int(count))
        default: item.count = Int(count)
        }
        if item.kind != .insert { try checkDeletion(item, flags) }
    }

    private mutating func readReference(_ item: inout HistoryItem, _ flags: UInt8) throws(FormatError) {
        if flags & HistoryFlag.same != 0 {
            guard flags & HistoryFlag.other == 0, replicas[item.author].lastOwn < replicas[item.author].elements
            else { throw .invalid }
            item.reference = .own(replicas[item.author].lastOwn)
            return
        }
        if flags & HistoryFlag.other != 0 {
            let place = try replica(&referenceRests)
            let (counter, overflow) = Int64(replicas[place].lastCounter).addingReportingOverflow(try distance())
            guard place != item.author, !overflow, let counter = UInt32(exactly: counter) else { throw .invalid }
            item.reference = .other(place, counter: counter)
            return
        }
        let (counter, overflow) = replicas[item.author].lastOwn
            .addingReportingOverflow(try distance())
        // Before the history there may be elements too, as many as there can be.
        guard !overflow, counter < replicas[item.author].elements, counter > -Int64(UInt32.max) else { throw .invalid }
        item.reference = .own(counter)
    }

    private mutating func distance() throws(FormatError) -> Int64 {
        let low = try references.byte()
        let rest = try referenceRests.varint()
        guard rest < 1 << 40 else { throw .overflow }
        return ByteReader.unzigzag(rest << 8 | UInt64(low))
    }

    /// The text of an insertion: so many bytes or one character for the first change, one for each further one.
    private mutating func readText(_ item: inout HistoryItem, _ flags: UInt8, count: Int) throws(FormatError) {
        let start = textPosition
        item.count = count
        if flags & HistoryFlag.isLong != 0 {
            item.firstByteCount = Int(try sizes.varint32())
            guard item.firstByteCount > 0, item.firstByteCount <= columns.text.count - textPosition
            else { throw .truncated }
            textPosition += item.firstByteCount
            try skipScalars(count - 1)
        } else {
            try skipScalars(1)
            item.firstByteCount = textPosition - start
            try skipScalars(count - 1)
        }
        item.bytes = start..<textPosition
        guard let units = UTF8Text.utf16Count(of: columns.text, in: item.bytes) else { throw .illFormedUTF8 }
        inserted = units
        replicas[item.author].elements += Int64(units)
        guard replicas[item.author].elements < Int64(UInt32.max) else { throw .overflow }
        replicas[item.author].lastOwn = replicas[item.author].elements - 1
    }

    private mutating func skipScalars(_ count: Int) throws(FormatError) {
        guard count <= columns.text.count - textPosition else { throw .truncated }
        for _ in 0..<count {
            guard textPosition < columns.text.count else { throw .truncated }
            textPosition += UTF8Text.byteCount(ofLead: columns.text[textPosition])
        }
        guard textPosition <= columns.text.count else { throw .truncated }
    }

    private mutating func checkDeletion(_ item: HistoryItem, _ flags: UInt8) throws(FormatError) {
        guard flags & HistoryFlag.isLong == 0 else { throw .invalid }
        let expansion = HistoryExpansion(item, replicas, elements: 0)
        let end = expansion.rightmost
        switch item.reference {
        case .own:
            guard end < replicas[item.author].elements, expansion.last > -Int64(UInt32.max) else { throw .invalid }
            replicas[item.author].lastOwn = end
        case .other(let place, _):
            guard let end = UInt32(exactly: end), expansion.last >= 0 else { throw .invalid }
            replicas[place].lastCounter = end
        }
    }
}
