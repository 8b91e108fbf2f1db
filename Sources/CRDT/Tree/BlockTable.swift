/// What is known of each block of 64 addresses: whose elements they are, and in which leaves they lie.
///
/// A block belongs to one replica. In most blocks all elements lie in one leaf; a block that is cut up has a *line* of up
/// to 12 segments, and beyond that a *table* with a leaf for each address.
///
///     leafReference   0LLL...   leaf L has all of it
///                     10NN...   line N:  count, 12 offsets (a byte each), 12 leaves
///                     11TT...   table T: 64 leaves
///                     111...1   nothing yet
///
/// Fresh text claims the rest of its block for its leaf, so that typing on does not touch the index.
struct BlockTable: ~Copyable, Sendable {
    static let size = 64
    private static let lineFlag: UInt32 = 0x8000_0000
    private static let tableFlag: UInt32 = 0xC000_0000
    private static let lineCapacity = 12
    static let unclaimed = UInt32.max

    // Not private: with a private element type in a slab, Swift 6.3.1 emits a module that its own verifier refuses.
    struct Block: BitwiseCopyable, Sendable {
        var owner: UInt32
        /// Counter minus address, wrapping.
        var delta: UInt32
        var leafReference: UInt32
    }

    private var blocks = Slab<Block>()
    /// Per line 16 bytes: the count, then the offsets at which its segments start.
    private var lineOffsets = Slab<UInt8>()
    private var lineLeaves = Slab<UInt32>()
    private var tables = Slab<UInt32>()
    private var freeLines = Slab<UInt32>()
    private var freeTables = Slab<UInt32>()
    private var segmentOffsets = Slab<UInt8>()
    private var segmentLeaves = Slab<UInt32>()

    init() {}

    /// The first address that belongs to no block.
    var end: Int { blocks.count * Self.size }

    /// Gives the next `count` blocks to a replica, whose elements there have a counter of address + delta.
    mutating func append(count: Int, owner: Int, delta: UInt32) {
        let block = Block(owner: UInt32(owner), delta: delta, leafReference: Self.unclaimed)
        blocks.append(repeating: block, count: count)
    }

    @inline(__always)
    func owner(of address: UInt32) -> Int { Int(blocks[Int(address >> 6)].owner) }

    @inline(__always)
    func counter(of address: UInt32) -> UInt32 { address &+ blocks[Int(address >> 6)].delta }

    /// Whether the element at `address` follows the one at `address - 1` in its replica's count.
    @inline(__always)
    func continues(at address: UInt32) -> Bool {
        if address & 63 != 0 { return true }
        if address == 0 { return false }
        let left = blocks[Int(address >> 6) - 1]
        let right = blocks[Int(address >> 6)]
        return left.owner == right.owner && left.delta == right.delta
    }

    // MARK: Leaves

    /// The leaf that has the element at `address`.
    @_optimize(speed)
    @inline(__always)
    func leaf(of address: UInt32) -> UInt32 {
        let reference = blocks[Int(address >> 6)].leafReference
        return reference < Self.lineFlag ? reference : indirectLeaf(reference, Int(address & 63))
    }

    /// Whether `leaf` has claimed the rest of a block from `address` on, in which nobody has elements yet.
    ///
    /// The rest is claimed as a whole: what it says at its start it says to its end.
    @inline(__always)
    mutating func isClaimed(_ address: UInt32, by leaf: UInt32) -> Bool { findLeaf(of: address) == leaf }

    /// The same for whoever has the table to himself: to lend it to a call that only reads, the compiler copies all of it.
    @inline(__always)
    mutating func findLeaf(of address: UInt32) -> UInt32 {
        let reference = blocks[Int(address >> 6)].leafReference
        return reference < Self.lineFlag ? reference : findIndirectLeaf(reference, Int(address & 63))
    }

    @inline(never)
    private mutating func findIndirectLeaf(_ reference: UInt32, _ offset: Int) -> UInt32 {
        search(reference, offset)
    }

    @inline(never)
    private func indirectLeaf(_ reference: UInt32, _ offset: Int) -> UInt32 { search(reference, offset) }

    @inline(__always)
    private func search(_ reference: UInt32, _ offset: Int) -> UInt32 {
        if reference == Self.unclaimed { return reference }
        if reference >= Self.tableFlag { return tables[Int(reference - Self.tableFlag) * Self.size + offset] }
        let line = Int(reference - Self.lineFlag)
        var segment = Int(lineOffsets[line * 16]) - 1
        while segment > 0, lineOffsets[line * 16 + 1 + segment] > offset { segment -= 1 }
        return lineLeaves[line * Self.lineCapacity + segment]
    }

    /// Notes that the elements at `start..<end` lie in `leaf`.
    ///
    /// - Complexity: O(n / 64) for n addresses.
    @inline(never)
    mutating func assign(_ start: UInt32, _ end: Int, to leaf: UInt32) {
        var address = Int(start)
        while address < end {
            let index = address >> 6
            let low = address & 63
            let high = min(end - index * Self.size, Self.size)
            assign(block: index, low, high, leaf)
            address = (index + 1) * Self.size
        }
    }

    private mutating func assign(block index: Int, _ low: Int, _ high: Int, _ leaf: UInt32) {
        let reference = blocks[index].leafReference
        if reference == leaf { return }
        if low == 0 && high == Self.size || reference == Self.unclaimed {
            release(reference)
            blocks[index].leafReference = leaf
        } else if reference >= Self.tableFlag {
            let table = Int(reference - Self.tableFlag) * Self.size
            for offset in low..<high { tables[table + offset] = leaf }
        } else if high == Self.size {
            claimTail(block: index, reference, low, leaf)
        } else if !insert(block: index, reference, low, high, leaf) {
            cut(block: index, reference, low, high, leaf)
        }
    }

    /// Gives the end of a block to a leaf, as every jump of a writer does: at most one segment more, at the end of the line.
    private mutating func claimTail(block index: Int, _ reference: UInt32, _ low: Int, _ leaf: UInt32) {
        if reference < Self.lineFlag {
            let line = makeLine()
            lineOffsets[line * 16] = 2
            lineOffsets[line * 16 + 1] = 0
            lineOffsets[line * 16 + 2] = UInt8(low)
            lineLeaves[line * Self.lineCapacity] = reference
            lineLeaves[line * Self.lineCapacity + 1] = leaf
            blocks[index].leafReference = Self.lineFlag + UInt32(line)
            return
        }
        let line = Int(reference - Self.lineFlag)
        var count = Int(lineOffsets[line * 16])
        while count > 0, Int(lineOffsets[line * 16 + count]) >= low { count -= 1 }
        // One segment alone and a full line are left to the general way.
        if count == 0 || count == Self.lineCapacity { return cut(block: index, reference, low, Self.size, leaf) }
        if lineLeaves[line * Self.lineCapacity + count - 1] != leaf {
            lineLeaves[line * Self.lineCapacity + count] = leaf
            count += 1
            lineOffsets[line * 16 + count] = UInt8(low)
        }
        lineOffsets[line * 16] = UInt8(count)
    }

    /// Puts a segment into the one that it lies in; false when the general way has to do it.
    private mutating func insert(block index: Int, _ reference: UInt32, _ low: Int, _ high: Int, _ leaf: UInt32) -> Bool
    {
        if reference < Self.lineFlag {
            if low == 0 { return false }
            let line = makeLine()
            lineOffsets[line * 16] = 3
            lineOffsets[line * 16 + 1] = 0
            lineOffsets[line * 16 + 2] = UInt8(low)
            lineOffsets[line * 16 + 3] = UInt8(high)
            lineLeaves[line * Self.lineCapacity] = reference
            lineLeaves[line * Self.lineCapacity + 1] = leaf
            lineLeaves[line * Self.lineCapacity + 2] = reference
            blocks[index].leafReference = Self.lineFlag + UInt32(line)
            return true
        }
        let line = Int(reference - Self.lineFlag)
        let count = Int(lineOffsets[line * 16])
        let (offsets, leaves) = (line * 16 + 1, line * Self.lineCapacity)
        var segment = count - 1
        while segment > 0, Int(lineOffsets[offsets + segment]) > low { segment -= 1 }
        let end = segment + 1 < count ? Int(lineOffsets[offsets + segment + 1]) : Self.size
        let old = lineLeaves[leaves + segment]
        if high > end || old == leaf { return high <= end }
        let isAtStart = Int(lineOffsets[offsets + segment]) == low
        let isAtEnd = high == end
        // Segments of one leaf become one.
        if isAtStart, segment > 0, lineLeaves[leaves + segment - 1] == leaf {
            if isAtEnd { return false }
            lineOffsets[offsets + segment] = UInt8(high)
            return true
        }
        if isAtEnd, segment + 1 < count, lineLeaves[leaves + segment + 1] == leaf {
            if isAtStart { return false }
            lineOffsets[offsets + segment + 1] = UInt8(low)
            return true
        }
        let added = (isAtStart ? 0 : 1) + (isAtEnd ? 0 : 1)
        if count + added > Self.lineCapacity { return false }
        let behind = count - segment - 1
        lineOffsets.move(from: offsets + segment + 1, to: offsets + segment + 1 + added, count: behind)
        lineLeaves.move(from: leaves + segment + 1, to: leaves + segment + 1 + added, count: behind)
        let place = isAtStart ? segment : segment + 1
        lineOffsets[offsets + place] = UInt8(low)
        lineLeaves[leaves + place] = leaf
        if !isAtEnd {
            lineOffsets[offsets + place + 1] = UInt8(high)
            lineLeaves[leaves + place + 1] = old
        }
        lineOffsets[line * 16] = UInt8(count + added)
        return true
    }

    /// Rewrites a block's segments with `low..<high` replaced.
    private mutating func cut(block index: Int, _ reference: UInt32, _ low: Int, _ high: Int, _ leaf: UInt32) {
        segmentOffsets.removeAll()
        segmentLeaves.removeAll()
        if reference < Self.lineFlag {
            splice(0, Self.size, reference, low, high, leaf)
        } else {
            let line = Int(reference - Self.lineFlag)
            let count = Int(lineOffsets[line * 16])
            for segment in 0..<count {
                let start = Int(lineOffsets[line * 16 + 1 + segment])
                let end = segment + 1 < count ? Int(lineOffsets[line * 16 + 2 + segment]) : Self.size
                splice(start, end, lineLeaves[line * Self.lineCapacity + segment], low, high, leaf)
            }
        }
        let count = segmentOffsets.count
        if count == 1 {
            release(reference)
            blocks[index].leafReference = segmentLeaves[0]
        } else if count <= Self.lineCapacity {
            let line = reference < Self.lineFlag ? makeLine() : Int(reference - Self.lineFlag)
            lineOffsets[line * 16] = UInt8(count)
            for segment in 0..<count {
                lineOffsets[line * 16 + 1 + segment] = segmentOffsets[segment]
                lineLeaves[line * Self.lineCapacity + segment] = segmentLeaves[segment]
            }
            blocks[index].leafReference = Self.lineFlag + UInt32(line)
        } else {
            release(reference)
            let table = makeTable()
            for segment in 0..<count {
                let end = segment + 1 < count ? Int(segmentOffsets[segment + 1]) : Self.size
                for offset in Int(segmentOffsets[segment])..<end {
                    tables[table * Self.size + offset] = segmentLeaves[segment]
                }
            }
            blocks[index].leafReference = Self.tableFlag + UInt32(table)
        }
    }

    /// Emits one old segment, with the part inside `low..<high` given to the new leaf.
    private mutating func splice(_ start: Int, _ end: Int, _ old: UInt32, _ low: Int, _ high: Int, _ leaf: UInt32) {
        if start < min(end, low) { emit(start, old) }
        if start < high, low < end { emit(max(start, low), leaf) }
        if max(start, high) < end { emit(max(start, high), old) }
    }

    private mutating func emit(_ offset: Int, _ leaf: UInt32) {
        if segmentLeaves.count > 0, segmentLeaves[segmentLeaves.count - 1] == leaf { return }
        segmentOffsets.append(UInt8(offset))
        segmentLeaves.append(leaf)
    }

    private mutating func makeLine() -> Int {
        if let free = freeLines.popLast() { return Int(free) }
        lineOffsets.append(repeating: 0, count: 16)
        lineLeaves.append(repeating: 0, count: Self.lineCapacity)
        return lineOffsets.count / 16 - 1
    }

    private mutating func makeTable() -> Int {
        if let free = freeTables.popLast() { return Int(free) }
        tables.append(repeating: 0, count: Self.size)
        return tables.count / Self.size - 1
    }

    private mutating func release(_ reference: UInt32) {
        if reference < Self.lineFlag || reference == Self.unclaimed { return }
        if reference >= Self.tableFlag {
            freeTables.append(reference - Self.tableFlag)
        } else {
            freeLines.append(reference - Self.lineFlag)
        }
    }
}
