import FuzzKit

/// Checksums that fit, so that a mutated input gets to the decoder behind them.
enum Checksums {
    /// Gives a change the checksum that its bytes ask for, in place of the last ones.
    static func sealed(change input: [UInt8]) -> [UInt8] {
        guard input.count > 1 else { return input }
        if input.count <= 64 { return input.dropLast() + [shortSum(input.dropLast())] }
        return sealed(input)
    }

    /// Puts the CRC-32 in place of the last four bytes.
    static func sealed(_ input: [UInt8]) -> [UInt8] {
        guard input.count > 4 else { return input }
        let sum = crc32(input.dropLast(4))
        return input.dropLast(4) + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt32($0))) }
    }

    /// The one-byte sum of a short change, as `FORMAT.md` says.
    private static func shortSum(_ body: ArraySlice<UInt8>) -> UInt8 {
        let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
        var sum: UInt64 = 0
        for start in stride(from: body.startIndex, to: body.endIndex, by: 8) {
            let word = body[start..<min(start + 8, body.endIndex)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            sum = ((sum ^ sum >> 32) ^ word) &* factor
        }
        return UInt8(truncatingIfNeeded: (sum ^ sum >> 32 ^ UInt64(body.count)) &* factor >> 56)
    }
}
