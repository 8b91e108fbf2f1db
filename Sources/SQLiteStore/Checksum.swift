/// CRC-32C (Castagnoli polynomial, as in RFC 3720 appendix B.4): finds the damage that a disk does.
///
/// It guards against decay, not against an attacker: who can write the file can write the checksum.
struct Checksum {
    private var state: UInt32 = .max

    /// The checksum of what was added.
    var value: UInt32 { ~state }

    /// Adds the bytes of a text, and its length, so that neighbouring fields cannot trade bytes.
    mutating func add(_ text: String) {
        add(Array(text.utf8))
    }

    /// Adds a number.
    mutating func add(_ number: Int64) {
        let bits = UInt64(bitPattern: number)
        for shift in stride(from: 0, to: 64, by: 8) { addByte(UInt8(truncatingIfNeeded: bits >> UInt64(shift))) }
    }

    /// Adds bytes, and their number.
    mutating func add(_ bytes: [UInt8]) {
        add(Int64(bytes.count))
        bytes.withUnsafeBufferPointer { buffer in
            var index = 0
            var state = self.state
            // Eight bytes a step (Kounavis and Berry's slicing): a snapshot of 64 MiB would otherwise hold up the
            // writer for most of a second.
            Self.tables.withUnsafeBufferPointer { tables in
                while index + 8 <= buffer.count {
                    let low =
                        state
                        ^ (UInt32(buffer[index]) | UInt32(buffer[index + 1]) << 8 | UInt32(buffer[index + 2]) << 16
                            | UInt32(buffer[index + 3]) << 24)
                    state =
                        tables[7 * 256 + Int(low & 0xff)] ^ tables[6 * 256 + Int(low >> 8 & 0xff)]
                        ^ tables[5 * 256 + Int(low >> 16 & 0xff)] ^ tables[4 * 256 + Int(low >> 24)]
                        ^ tables[3 * 256 + Int(buffer[index + 4])] ^ tables[2 * 256 + Int(buffer[index + 5])]
                        ^ tables[256 + Int(buffer[index + 6])] ^ tables[Int(buffer[index + 7])]
                    index += 8
                }
            }
            self.state = state
            while index < buffer.count {
                addByte(buffer[index])
                index += 1
            }
        }
    }

    private mutating func addByte(_ byte: UInt8) {
        state = state >> 8 ^ Self.tables[Int((state ^ UInt32(byte)) & 0xff)]
    }

    /// Eight tables of 256: `tables[256 * k + b]` is the effect of byte `b`, `k` bytes before the end.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var entry = UInt32(byte)
            for _ in 0..<8 { entry = entry & 1 == 1 ? entry >> 1 ^ 0x82f6_3b78 : entry >> 1 }
            tables[byte] = entry
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xff)]
        }
        return tables
    }()
}
