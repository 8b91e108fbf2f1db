/// Reads a snapshot that may be hostile into an element store; see `FORMAT.md`.
///
/// Everything is checked: each element of texts and lists exactly once, pairs whole, columns of equal content, nothing left over, and spans
/// as long as they can be, so that one state has one form.
struct SnapshotReader: ~Copyable {
    let bytes: [UInt8]
    var store = ElementStore()

    private var owners: ByteReader
    private var counters: ByteReader
    private var lengths: ByteReader
    private var life: ByteReader
    private var pairs: ByteReader
    /// Where the text is read, and where it ends.
    private var textPosition = 0
    private var textEnd = 0

    // Where the columns are read.
    private var owner = 0
    private var ownerLeft = 0
    private var ends: [UInt32] = []
    private var isDead = false
    private var stretch = 0
    private var position = 0
    private var deadPosition = 0
    private var nextPair: Int?
    /// Neighbours in one leaf that are not in the index yet.
    private var gathered = 0..<0
    private var gatheredLeaf = RunTree.none
    /// What the elements of the replicas are, until they get addresses.
    private var claims: [(replica: Int, stretch: SnapshotStretch)] = []
    /// How many elements are in texts and lists.
    private var placedCount = 0
    private var listedCount = 0
    private var isList = false
    // Elements of lists, as they are read: later places of items, items whose value is not written, and those whose is.
    var moves: [UInt32] = []
    var droppedItems: [UInt32] = []
    var knownItems: [UInt32] = []
    /// A bit for each address that had its turn.
    private var seen = Slab<UInt64>()

    static func read(_ bytes: [UInt8], limits: DecodingLimits) throws(FormatError) -> ElementStore {
        guard bytes.count <= limits.maximumByteCount else { throw .limitExceeded }
        let magic = SnapshotFormat.magic
        guard bytes.count > magic.count else { throw .truncated }
        guard Array(bytes[..<magic.count]) == magic else { throw .badMagic }
        guard bytes[magic.count] == SnapshotFormat.version else { throw .unsupportedVersion }
        let end = bytes.count - SnapshotFormat.checksumCount
        guard end > magic.count else { throw .truncated }
        var sum = ByteReader(bytes, from: end)
        guard try sum.littleEndian() == Checksum.crc32(bytes, 0..<end) else { throw .badChecksum }
        var reader = SnapshotReader(bytes)
        try reader.run(ByteReader(bytes, from: magic.count + 1, to: end), limits)
        return reader.take()
    }

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let empty = ByteReader(bytes, from: 0, to: 0)
        owners = empty
        counters = empty
        lengths = empty
        life = empty
        pairs = empty
    }

    private consuming func take() -> ElementStore { store }

    private mutating func run(_ source: ByteReader, _ limits: DecodingLimits) throws(FormatError) {
        var source = source
        try readReplicas(&source, limits)
        var containers = try column(&source)
        var keys = try column(&source)
        var spans = try column(&source)
        owners = try column(&source)
        counters = try column(&source)
        lengths = try column(&source)
        life = try column(&source)
        pairs = try column(&source)
        let text = try source.prefixedRange()
        var values = try column(&source)
        var entries = try column(&source)
        var counts = try column(&source)
        try source.requireEnd()
        try checkClaims(text.count, values.remaining)
        for claim in claims { provideAddresses(Int(claim.stretch.count), claim.stretch.place, for: claim.replica) }
        textPosition = text.lowerBound
        textEnd = text.upperBound
        seen.append(repeating: 0, count: store.blocks.end / BlockTable.size)
        try readKeys(&keys)
        try readContainers(&containers)
        if placedCount > 0 { stretch = try life.size() }
        try advancePair()
        for number in 0..<UInt32(store.containers.count) where store.containers[number].kind != .map {
            try readSpans(of: number, &spans)
        }
        try spans.requireEnd()
        try owners.requireEnd()
        try counters.requireEnd()
        try lengths.requireEnd()
        try life.requireEnd()
        try pairs.requireEnd()
        guard position == placedCount, textPosition == textEnd, ownerLeft == 0, stretch == 0, nextPair == nil
        else { throw .invalid }
        try readValues(&values)
        try readEntries(&entries)
        try readCounts(&counts)
    }

    private func column(_ source: inout ByteReader) throws(FormatError) -> ByteReader {
        let range = try source.prefixedRange()
        return ByteReader(bytes, from: range.lowerBound, to: range.upperBound)
    }

    // MARK: Replicas

    private mutating func readReplicas(_ source: inout ByteReader, _ limits: DecodingLimits) throws(FormatError) {
        let count = try source.count(ofSize: 4)
        var expected: UInt64 = 0
        for index in 0..<count {
            let (id, overflow) = expected.addingReportingOverflow(try source.varint())
            guard !overflow, index == 0 || expected != 0 else { throw .overflow }
            expected = id &+ 1
            let changes = try source.varint()
            guard changes > 0 else { throw .invalid }
            guard changes < Change.maximumSequence else { throw .overflow }
            let elements = try source.size()
            store.elementCount += elements
            guard store.elementCount <= min(limits.maximumElementCount, ElementStore.maximumElementCount)
            else { throw .limitExceeded }
            let replica = store.replicas.insert(ReplicaID(id))
            store.replicas[replica].nextSequence = changes
            try readLamports(&source, of: replica, elements)
            try readKinds(&source, of: replica, elements)
            ends.append(0)
        }
    }

    private mutating func readLamports(
        _ source: inout ByteReader,
        of replica: Int,
        _ elements: Int
    ) throws(FormatError) {
        let count = try source.count(ofSize: 2)
        guard (count == 0) == (elements == 0) else { throw .invalid }
        var jump = Jump(key: 0, value: 0)
        for index in 0..<count {
            let key = try source.size() + Int(jump.key)
            let (value, overflow) = jump.value.addingReportingOverflow(try source.varint())
            guard !overflow, value < Change.maximumSequence else { throw .overflow }
            guard key < elements else { throw .invalid }
            if index == 0 {
                guard key == 0 else { throw .invalid }
            } else {
                guard key > Int(jump.key), value > jump.value else { throw .invalid }
            }
            jump = Jump(key: UInt32(key), value: value)
            store.replicas.noteJump(jump, by: replica)
        }
        if count > 0 {
            store.clock = max(store.clock, jump.value + UInt64(elements))
        }
    }

    private mutating func readKinds(
        _ source: inout ByteReader,
        of replica: Int,
        _ elements: Int
    ) throws(FormatError) {
        let count = try source.count()
        if count == 0 { return claim(elements, .text, for: replica) }
        var left = elements
        var last: SnapshotStretch.Place?
        for _ in 0..<count {
            let value = try source.varint()
            guard let place = SnapshotStretch.Place(rawValue: UInt8(value & 3)), place != last else { throw .invalid }
            guard value >> 2 > 0, value >> 2 <= UInt64(left) else { throw .invalid }
            last = place
            claim(Int(value >> 2), place, for: replica)
            left -= Int(value >> 2)
        }
        // All text is written as no stretch.
        guard left == 0, count > 1 || last != .text else { throw .invalid }
    }

    private mutating func claim(_ count: Int, _ place: SnapshotStretch.Place, for replica: Int) {
        if count == 0 { return }
        if place != .map { placedCount += count }
        if place == .list { listedCount += count }
        claims.append((replica, SnapshotStretch(place: place, count: UInt32(count))))
    }

    /// Whether the columns are of the elements that the replicas claim, before there is memory for these.
    ///
    /// Each element of a list is a byte or more of values, each living one of a text a byte of text at least (a pair is four). Only
    /// dead text is as long as it says.
    private func checkClaims(_ textCount: Int, _ valueCount: Int) throws(FormatError) {
        guard listedCount <= valueCount else { throw .invalid }
        let placed = UInt64(placedCount)
        var lengths = lengths
        var spanned: UInt64 = 0
        while lengths.remaining > 0 {
            spanned += UInt64(try lengths.varint32())
            guard spanned <= placed else { throw .invalid }
        }
        var life = life
        var lived: UInt64 = 0
        var living: UInt64 = 0
        var isDead = false
        while life.remaining > 0 {
            let count = UInt64(try life.varint32())
            lived += count
            if !isDead { living += count }
            isDead.toggle()
            guard lived <= placed else { throw .invalid }
        }
        guard spanned == placed, lived == placed, living <= UInt64(textCount + listedCount) else { throw .invalid }
    }

    private mutating func provideAddresses(_ count: Int, _ place: SnapshotStretch.Place, for replica: Int) {
        let counter = store.replicas[replica].nextCounter
        if place == .map {
            store.replicas.noteSegment(at: ElementStore.firstAddressOfSets, by: replica)
            store.replicas[replica].nextCounter += UInt32(count)
            store.replicas[replica].freeEnd = store.replicas[replica].freeAddress
            return
        }
        let start = UInt32(store.blocks.end)
        let blocks = (count + BlockTable.size - 1) / BlockTable.size
        store.replicas.noteSegment(at: start, by: replica)
        store.blocks.append(count: blocks, owner: replica, delta: counter &- start)
        store.text.append(repeating: 0, count: blocks * BlockTable.size)
        store.replicas[replica].nextCounter += UInt32(count)
        let end = start + UInt32(blocks * BlockTable.size)
        if place == .text {
            store.replicas[replica].freeEnd = end
        } else {
            store.replicas[replica].freeEnd = store.replicas[replica].freeAddress
            store.replicas[replica].listEnd = end
            store.values.provide(blocks: Int(start) / BlockTable.size..<Int(end) / BlockTable.size)
        }
    }

    // MARK: Sequences and their spans

    private mutating func readSpans(of container: UInt32, _ spans: inout ByteReader) throws(FormatError) {
        let spanCount = try spans.size()
        guard spanCount <= lengths.remaining else { throw .truncated }
        // Roots appear when something is put into them.
        if spanCount == 0 {
            guard store.containers[container].parent != ContainerRecord.none else { throw .invalid }
            return
        }
        isList = store.containers[container].kind == .list
        var builder = RunTreeBuilder()
        var lastOwner = -1
        for _ in 0..<spanCount {
            if ownerLeft == 0 {
                let next = try owners.size()
                guard next < store.replicas.count, next != owner || position == 0 else { throw .invalid }
                owner = next
                ownerLeft = try owners.size()
                guard ownerLeft > 0 else { throw .invalid }
            }
            ownerLeft -= 1
            let distance = ByteReader.unzigzag(try counters.varint())
            let length = try lengths.size()
            guard length > 0 else { throw .invalid }
            let (first, overflow) = Int64(ends[owner]).addingReportingOverflow(distance)
            let limit = Int(store.replicas[owner].nextCounter)
            guard !overflow, first >= 0, first < Int64(limit), length <= limit - Int(first) else { throw .invalid }
            // What continues the span before is part of it.
            guard owner != lastOwner || distance != 0 else { throw .invalid }
            lastOwner = owner
            ends[owner] = UInt32(Int(first) + length)
            try place(UInt32(first), length, &builder)
        }
        assignGathered()
        builder.finish(in: &store.tree)
        store.containers.noteSequence(UInt32(store.tree.links.rootCount - 1), of: container)
    }

    /// Cuts a span into its living and dead parts and puts them into the tree.
    private mutating func place(_ counter: UInt32, _ length: Int, _ builder: inout RunTreeBuilder) throws(FormatError) {
        var first = counter
        var left = length
        while left > 0 {
            // In the middle of a span the addresses may go on elsewhere.
            let count = min(left, store.replicas.contiguousCount(from: first, by: owner))
            try place(address: store.replicas.address(of: first, by: owner), count, &builder)
            first += UInt32(count)
            left -= count
        }
    }

    private mutating func place(
        address first: UInt32,
        _ length: Int,
        _ builder: inout RunTreeBuilder
    ) throws(FormatError) {
        var address = first
        guard address < ElementStore.firstAddressOfSets, store.values.isList(address) == isList
        else { throw .invalid }
        let rank = store.rank(of: address)
        try markSeen(address, length)
        var left = length
        while left > 0 {
            if stretch == 0 {
                stretch = try life.size()
                guard stretch > 0 else { throw .invalid }
                isDead.toggle()
            }
            let count = min(left, stretch)
            if !isList {
                if isDead { try placeDead(address, count) } else { try placeText(address, count) }
            }
            let run = Run(address: address, length: count, isDead: isDead)
            let leaf = builder.append(run, rank: rank, to: &store.tree)
            note(address, count, in: leaf)
            address += UInt32(count)
            left -= count
            stretch -= count
            position += count
        }
    }

    /// Gathers neighbours that are in one leaf, to put them into the index together.
    @inline(__always)
    private mutating func note(_ address: UInt32, _ count: Int, in leaf: UInt32) {
        if leaf == gatheredLeaf, Int(address) == gathered.upperBound {
            gathered = gathered.lowerBound..<gathered.upperBound + count
            return
        }
        assignGathered()
        gathered = Int(address)..<Int(address) + count
        gatheredLeaf = leaf
    }

    private mutating func assignGathered() {
        if gathered.isEmpty { return }
        store.blocks.assign(UInt32(gathered.lowerBound), gathered.upperBound, to: gatheredLeaf)
        gathered = 0..<0
    }

    private mutating func markSeen(_ start: UInt32, _ length: Int) throws(FormatError) {
        var address = Int(start)
        let end = address + length
        while address < end {
            let low = address & 63
            let count = min(64 - low, end - address)
            let mask = (count == 64 ? UInt64.max : (1 << UInt64(count)) - 1) << UInt64(low)
            guard seen[address >> 6] & mask == 0 else { throw .invalid }
            seen[address >> 6] |= mask
            address += count
        }
    }

    /// A pair is inserted and deleted whole: both halves are neighbours in one run.
    private mutating func placeText(_ address: UInt32, _ count: Int) throws(FormatError) {
        try store.text.write(
            utf8: bytes,
            from: &textPosition,
            to: textEnd,
            count: count,
            at: Int(address),
            hasPairs: &store.hasSurrogates
        )
    }

    private mutating func placeDead(_ address: UInt32, _ count: Int) throws(FormatError) {
        while let pair = nextPair, pair < deadPosition + count {
            guard pair + 1 < deadPosition + count else { throw .illFormedUTF16 }
            store.text[Int(address) + pair - deadPosition] = 0xD800
            store.text[Int(address) + pair + 1 - deadPosition] = 0xDC00
            store.hasSurrogates = true
            try advancePair()
        }
        deadPosition += count
    }

    /// Reads where among the dead the next pair starts.
    private mutating func advancePair() throws(FormatError) {
        let base = nextPair.map { $0 + 2 } ?? 0
        nextPair = pairs.remaining > 0 ? try pairs.size() + base : nil
    }
}
