/// The checksums of the formats: CRC-32, and one byte for short changes.
///
/// CRC-32 as in IEEE 802.3 and zlib: polynomial 0xEDB88320, reflected, sixteen bytes at a time ("slicing by 16").
///
/// Its own and not a library's, because the engine imports nothing: it runs where there is no library.
enum Checksum {
    /// Sixteen tables of 256, one after the other.
    private static let tables: Slab<UInt32> = {
        var tables = Slab<UInt32>()
        tables.append(repeating: 0, count: 16 * 256)
        for index in 0..<256 {
            var value = UInt32(index)
            for _ in 0..<8 { value = value & 1 != 0 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
            tables[index] = value
        }
        for index in 256..<16 * 256 {
            let previous = tables[index - 256]
            tables[index] = tables[Int(previous & 0xFF)] ^ (previous >> 8)
        }
        return tables
    }()

    static func crc32(_ bytes: [UInt8], _ range: Range<Int>) -> UInt32 {
        crc32(bytes.span.extracting(range))
    }

    static func crc32(_ bytes: Span<UInt8>) -> UInt32 { crc32(bytes, tables) }

    private static func crc32(_ bytes: Span<UInt8>, _ tables: borrowing Slab<UInt32>) -> UInt32 {
        var sum = UInt32.max
        var position = 0
        while position + 16 <= bytes.count {
            let first = bytes.word(at: position) ^ UInt64(sum)
            sum = combine(tables, 8 * 256, first) ^ combine(tables, 0, bytes.word(at: position + 8))
            position += 16
        }
        if position + 8 <= bytes.count {
            sum = combine(tables, 0, bytes.word(at: position) ^ UInt64(sum))
            position += 8
        }
        while position < bytes.count {
            sum = tables[Int((sum ^ UInt32(bytes[position])) & 0xFF)] ^ (sum >> 8)
            position += 1
        }
        return ~sum
    }

    /// What eight bytes add, that come as many bytes before the end as there are tables before `start`.
    @inline(__always)
    private static func combine(_ tables: borrowing Slab<UInt32>, _ start: Int, _ word: UInt64) -> UInt32 {
        var sum = tables[start + 7 * 256 + Int(word & 0xFF)] ^ tables[start + 6 * 256 + Int(word >> 8 & 0xFF)]
        sum ^= tables[start + 5 * 256 + Int(word >> 16 & 0xFF)] ^ tables[start + 4 * 256 + Int(word >> 24 & 0xFF)]
        sum ^= tables[start + 3 * 256 + Int(word >> 32 & 0xFF)] ^ tables[start + 2 * 256 + Int(word >> 40 & 0xFF)]
        sum ^= tables[start + 256 + Int(word >> 48 & 0xFF)] ^ tables[start + Int(word >> 56)]
        return sum
    }

    // MARK: One byte

    /// Odd, and without eight equal bits in a row: a single flipped bit of the last word always shows.
    private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// A byte that tells most damage to a few bytes: one multiplication for eight of them, and one for their count.
    ///
    /// A keystroke's change has six bytes or so, and is checked on every replica: with a table this took longer than all
    /// the rest of its header.
    static func short(_ bytes: [UInt8], _ range: Range<Int>) -> UInt8 {
        short(bytes.span.extracting(range))
    }

    @inline(__always)
    static func short(_ bytes: Span<UInt8>) -> UInt8 {
        var sum: UInt64 = 0
        var position = 0
        while position < bytes.count {
            sum = fold(sum, bytes.word(at: position))
            position &+= 8
        }
        return finish(sum, count: bytes.count)
    }

    /// Adds eight bytes, little-endian, to a sum that starts at 0; the last word is filled up with zeros.
    @inline(__always)
    static func fold(_ sum: UInt64, _ word: UInt64) -> UInt64 { ((sum ^ sum >> 32) ^ word) &* factor }

    /// The byte, once all words of `count` bytes are in the sum.
    @inline(__always)
    static func finish(_ sum: UInt64, count: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: fold(sum, UInt64(truncatingIfNeeded: count)) >> 56)
    }
}
