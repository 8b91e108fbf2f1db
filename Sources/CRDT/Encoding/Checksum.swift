/// The checksums of the formats: CRC-32, and one byte for short changes.
///
/// CRC-32 as in IEEE 802.3 and zlib: polynomial 0xEDB88320, reflected, eight bytes at a time ("slicing by 8").
///
/// Its own and not a library's, because the engine imports nothing: it runs where there is no library.
enum Checksum {
    /// Eight tables of 256, one after the other.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for index in 0..<256 {
            var value = UInt32(index)
            for _ in 0..<8 { value = value & 1 != 0 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
            tables[index] = value
        }
        for index in 256..<8 * 256 {
            let previous = tables[index - 256]
            tables[index] = tables[Int(previous & 0xFF)] ^ (previous >> 8)
        }
        return tables
    }()

    static func crc32(_ bytes: [UInt8], _ range: Range<Int>) -> UInt32 {
        let tables = Self.tables
        var sum = UInt32.max
        var position = range.lowerBound
        while position + 8 <= range.upperBound {
            let low =
                sum
                ^ (UInt32(bytes[position]) | UInt32(bytes[position + 1]) << 8 | UInt32(bytes[position + 2]) << 16
                    | UInt32(bytes[position + 3]) << 24)
            sum = tables[7 * 256 + Int(low & 0xFF)] ^ tables[6 * 256 + Int(low >> 8 & 0xFF)]
            sum ^= tables[5 * 256 + Int(low >> 16 & 0xFF)] ^ tables[4 * 256 + Int(low >> 24)]
            sum ^= tables[3 * 256 + Int(bytes[position + 4])] ^ tables[2 * 256 + Int(bytes[position + 5])]
            sum ^= tables[256 + Int(bytes[position + 6])] ^ tables[Int(bytes[position + 7])]
            position += 8
        }
        while position < range.upperBound {
            sum = tables[Int((sum ^ UInt32(bytes[position])) & 0xFF)] ^ (sum >> 8)
            position += 1
        }
        return ~sum
    }

    // MARK: One byte

    /// Odd, and without eight equal bits in a row: a single flipped bit of the last word always shows.
    private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// A byte that tells most damage to a few bytes: one multiplication for eight of them.
    ///
    /// A keystroke's change has six bytes or so, and is checked on every replica: with a table this took longer than all
    /// the rest of its header.
    static func short(_ bytes: [UInt8], _ range: Range<Int>) -> UInt8 {
        var sum = start(count: range.count)
        var position = range.lowerBound
        while position < range.upperBound {
            let end = min(position + 8, range.upperBound)
            var word: UInt64 = 0
            for index in (position..<end).reversed() { word = word << 8 | UInt64(bytes[index]) }
            sum = fold(sum, word)
            position = end
        }
        return UInt8(truncatingIfNeeded: sum >> 56)
    }

    /// What the sum of `count` bytes starts with.
    @inline(__always)
    static func start(count: Int) -> UInt64 { UInt64(truncatingIfNeeded: count) &* factor }

    /// Adds eight bytes, little-endian; the last word is filled up with zeros.
    @inline(__always)
    static func fold(_ sum: UInt64, _ word: UInt64) -> UInt64 { ((sum ^ sum >> 32) ^ word) &* factor }
}
