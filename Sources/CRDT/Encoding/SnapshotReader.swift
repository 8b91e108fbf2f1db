/// Reads a snapshot that may be hostile into an element store; see `FORMAT.md`.
///
/// Everything is checked: each element exactly once, pairs whole, columns of equal content, nothing left over, and spans
/// as long as they can be, so that one state has one form.
struct SnapshotReader: ~Copyable {
    private let bytes: [UInt8]
    private var store = ElementStore()

    private var owners: ByteReader
    private var counters: ByteReader
    private var lengths: ByteReader
    private var life: ByteReader
    private var pairs: ByteReader
    private var units: [UInt16] = []

    // Where the columns are read.
    private var owner = 0
    private var ownerLeft = 0
    private var ends: [UInt32] = []
    private var isDead = false
    private var stretch = 0
    private var position = 0
    private var unitPosition = 0
    private var deadPosition = 0
    private var nextPair: Int?
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
        let rootCount = try source.count(ofSize: 3)
        guard rootCount <= ElementStore.maximumRootCount else { throw .limitExceeded }
        var names = try column(&source)
        owners = try column(&source)
        counters = try column(&source)
        lengths = try column(&source)
        life = try column(&source)
        pairs = try column(&source)
        let text = try source.prefixedRange()
        try source.requireEnd()
        units.reserveCapacity(text.count)
        guard UTF8Text.decode(bytes, in: text, into: &units) else { throw .illFormedUTF8 }
        store.hasSurrogates = units.contains { UTF16Unit.isSurrogate($0) }
        seen.append(repeating: 0, count: store.blocks.end / BlockTable.size)
        if store.elementCount > 0 { stretch = Int(try life.varint32()) }
        try advancePair()
        for _ in 0..<rootCount { try readRoot(&names) }
        try names.requireEnd()
        try owners.requireEnd()
        try counters.requireEnd()
        try lengths.requireEnd()
        try life.requireEnd()
        try pairs.requireEnd()
        guard position == store.elementCount, unitPosition == units.count, ownerLeft == 0, stretch == 0, nextPair == nil
        else { throw .invalid }
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
            let elements = Int(try source.varint32())
            store.elementCount += elements
            guard store.elementCount <= min(limits.maximumElementCount, ElementStore.maximumElementCount)
            else { throw .limitExceeded }
            let replica = store.replicas.insert(ReplicaID(id))
            store.replicas[replica].nextSequence = changes
            try readLamports(&source, of: replica, elements)
            provideAddresses(elements, for: replica)
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
            let key = Int(jump.key) + Int(try source.varint32())
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

    private mutating func provideAddresses(_ elements: Int, for replica: Int) {
        if elements == 0 { return }
        let start = UInt32(store.blocks.end)
        let blocks = (elements + BlockTable.size - 1) / BlockTable.size
        store.replicas.noteSegment(at: start, by: replica)
        store.blocks.append(count: blocks, owner: replica, delta: 0 &- start)
        store.text.append(repeating: 0, count: blocks * BlockTable.size)
        store.replicas[replica].nextCounter = UInt32(elements)
        store.replicas[replica].freeEnd = start + UInt32(blocks * BlockTable.size)
    }

    // MARK: Roots and their spans

    private mutating func readRoot(_ names: inout ByteReader) throws(FormatError) {
        let name = try RootName(utf8: Array(bytes[try names.prefixedRange()]))
        if let last = store.rootNames.last {
            guard last.utf8.lexicographicallyPrecedes(name.utf8) else { throw .invalid }
        }
        let spanCount = Int(try names.varint32())
        guard spanCount > 0 else { throw .invalid }
        guard spanCount <= lengths.remaining else { throw .truncated }
        var builder = RunTreeBuilder()
        var lastOwner = -1
        for _ in 0..<spanCount {
            if ownerLeft == 0 {
                let next = Int(try owners.varint32())
                guard next < store.replicas.count, next != owner || position == 0 else { throw .invalid }
                owner = next
                ownerLeft = Int(try owners.varint32())
                guard ownerLeft > 0 else { throw .invalid }
            }
            ownerLeft -= 1
            let distance = ByteReader.unzigzag(try counters.varint())
            let length = Int(try lengths.varint32())
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
        builder.finish(in: &store.tree)
        store.adoptRoot(named: name)
    }

    /// Cuts a span into its living and dead parts and puts them into the tree.
    private mutating func place(_ counter: UInt32, _ length: Int, _ builder: inout RunTreeBuilder) throws(FormatError) {
        var address = store.replicas.address(of: counter, by: owner)
        let rank = store.rank(of: address)
        try markSeen(address, length)
        var left = length
        while left > 0 {
            if stretch == 0 {
                stretch = Int(try life.varint32())
                guard stretch > 0 else { throw .invalid }
                isDead.toggle()
            }
            let count = min(left, stretch)
            if isDead { try placeDead(address, count) } else { try placeText(address, count) }
            let run = Run(address: address, length: count, isDead: isDead)
            let leaf = builder.append(run, rank: rank, to: &store.tree)
            store.blocks.assign(address, Int(address) + count, to: leaf)
            address += UInt32(count)
            left -= count
            stretch -= count
            position += count
        }
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

    private mutating func placeText(_ address: UInt32, _ count: Int) throws(FormatError) {
        guard count <= units.count - unitPosition else { throw .invalid }
        let range = unitPosition..<unitPosition + count
        // A pair is inserted and deleted whole: both halves are neighbours in one run.
        guard !UTF16Unit.isLow(units[range.lowerBound]), !UTF16Unit.isHigh(units[range.upperBound - 1])
        else { throw .illFormedUTF16 }
        store.text.write(units, range, at: Int(address))
        unitPosition += count
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
        nextPair = pairs.remaining > 0 ? base + Int(try pairs.varint32()) : nil
    }
}
