/// Writes one short change into a ``ChangeBuffer`` from registers: bytes gather in a word, full words are stored and summed.
///
/// Writing byte by byte and summing afterwards would read back, as words, what was just written as bytes, which stalls.
struct ShortChangeWriter {
    /// What every change of the fast lanes fits into: 64 units of text and the longest of all names.
    static let capacity = 320

    private let start: Int
    private var position: Int
    private var word: UInt64 = 0
    private var shift: UInt64 = 0
    private var sum: UInt64 = 0

    /// Starts a change; its length will stand before it.
    @inline(__always)
    init(_ buffer: inout ChangeBuffer) {
        buffer.rows.reserve(Self.capacity)
        start = buffer.rows.count
        position = start + 1
    }

    /// Adds the lowest `count` bytes of a value that has no more; at most 8.
    @inline(__always)
    mutating func put(_ value: UInt64, _ count: UInt64, _ buffer: inout ChangeBuffer) {
        word |= value &<< shift
        let end = shift &+ count &* 8
        if end < 64 {
            shift = end
        } else {
            buffer.rows.store(word, at: position)
            sum = Checksum.fold(sum, word)
            position &+= 8
            word = shift == 0 ? 0 : value &>> (64 &- shift)
            shift = end &- 64
        }
    }

    @inline(__always)
    mutating func put(varint value: UInt64, _ buffer: inout ChangeBuffer) {
        if value < 0x80 {
            put(value, 1, &buffer)
        } else if value < 0x4000 {
            put(value & 0x7F | 0x80 | (value &>> 7) &<< 8, 2, &buffer)
        } else if value < 0x20_0000 {
            put(value & 0x7F | 0x8080 | (value &>> 7 & 0x7F) &<< 8 | (value &>> 14) &<< 16, 3, &buffer)
        } else {
            putLong(value, &buffer)
        }
    }

    @inline(never)
    private mutating func putLong(_ value: UInt64, _ buffer: inout ChangeBuffer) {
        var value = value
        while value >= 0x80 {
            put(value & 0x7F | 0x80, 1, &buffer)
            value &>>= 7
        }
        put(value, 1, &buffer)
    }

    /// Adds the checksum, and the change to its buffer.
    @inline(__always)
    consuming func finish(_ buffer: inout ChangeBuffer) {
        let count = position &- start &- 1 &+ Int(truncatingIfNeeded: shift &>> 3)
        if count >= Change.longChecksumCount { return finishLong(count, &buffer) }
        if shift > 0 { sum = Checksum.fold(sum, word) }
        word |= UInt64(Checksum.finish(sum, count: count)) &<< shift
        buffer.rows.store(word, at: position)
        buffer.rows[start] = UInt8(truncatingIfNeeded: count &+ 1)
        buffer.rows.extend(to: start &+ count &+ 2)
        buffer.count &+= 1
    }

    /// The checksum has four bytes, and the length perhaps two.
    @inline(never)
    private consuming func finishLong(_ count: Int, _ buffer: inout ChangeBuffer) {
        buffer.rows.store(word, at: position)
        var end = start + 1 + count
        buffer.rows.extend(to: end)
        let sum = buffer.rows.withSpan(start + 1..<end) { Checksum.crc32($0) }
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            buffer.rows[end] = UInt8(truncatingIfNeeded: sum >> shift)
            end += 1
        }
        let length = count + 4
        if length < 0x80 {
            buffer.rows[start] = UInt8(length)
        } else {
            for index in stride(from: end, to: start + 1, by: -1) { buffer.rows[index] = buffer.rows[index - 1] }
            buffer.rows[start] = UInt8(length & 0x7F | 0x80)
            buffer.rows[start + 1] = UInt8(length >> 7)
            end += 1
        }
        buffer.rows.extend(to: end)
        buffer.count += 1
    }

    /// Adds a unit that is no half of a pair, as UTF-8.
    @inline(__always)
    mutating func put(utf8 unit: UInt16, _ buffer: inout ChangeBuffer) {
        let unit = UInt64(unit)
        if unit < 0x80 {
            put(unit, 1, &buffer)
        } else if unit < 0x800 {
            put(0x80C0 | unit &>> 6 | (unit & 0x3F) &<< 8, 2, &buffer)
        } else {
            put(0x80_80E0 | unit &>> 12 | (unit &>> 6 & 0x3F) &<< 8 | (unit & 0x3F) &<< 16, 3, &buffer)
        }
    }
}
