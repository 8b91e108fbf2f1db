/// SHA-1 (RFC 3174), which the WebSocket handshake demands (RFC 6455 section 4.2.2) and nothing here trusts.
///
/// The digest only proves that the peer read the handshake; it protects nothing. It is written here because a
/// cryptography package would be a heavy dependency for one twenty-byte digest of sixty bytes.
enum SHA1 {
    /// The digest of `message`.
    ///
    /// - Complexity: O(*n*) in the length of the message.
    static func digest(of message: some Sequence<UInt8>) -> [UInt8] {
        var padded = Array(message)
        let bitCount = UInt64(padded.count) &* 8
        padded.append(0x80)
        while padded.count % 64 != 56 { padded.append(0) }
        for shift in stride(from: 56, through: 0, by: -8) {
            padded.append(UInt8(truncatingIfNeeded: bitCount >> UInt64(shift)))
        }

        var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
        for block in stride(from: 0, to: padded.count, by: 64) {
            self.mix(padded[block..<block + 64], into: &state)
        }
        return state.flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) }
        }
    }

    /// Section 6.1, method 1.
    ///
    /// All additions are modulo 2^32, as the standard says.
    private static func mix(_ block: ArraySlice<UInt8>, into state: inout [UInt32]) {
        var words: [UInt32] = []
        words.reserveCapacity(80)
        for index in stride(from: block.startIndex, to: block.endIndex, by: 4) {
            words.append(block[index..<index + 4].reduce(0) { $0 << 8 | UInt32($1) })
        }
        for index in 16..<80 {
            let mixed = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]
            words.append(self.rotateLeft(mixed, by: 1))
        }

        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for (index, word) in words.enumerated() {
            let (function, constant): (UInt32, UInt32) =
                switch index {
                case ..<20: ((b & c) | (~b & d), 0x5A82_7999)
                case ..<40: (b ^ c ^ d, 0x6ED9_EBA1)
                case ..<60: ((b & c) | (b & d) | (c & d), 0x8F1B_BCDC)
                default: (b ^ c ^ d, 0xCA62_C1D6)
                }
            let next = self.rotateLeft(a, by: 5) &+ function &+ e &+ constant &+ word
            (a, b, c, d, e) = (next, a, self.rotateLeft(b, by: 30), c, d)
        }
        for (index, value) in [a, b, c, d, e].enumerated() {
            state[index] &+= value
        }
    }

    private static func rotateLeft(_ word: UInt32, by count: UInt32) -> UInt32 {
        word << count | word >> (32 - count)
    }
}

/// Base64 (RFC 4648 section 4) for handshakes and session ids: short inputs, once a connection.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The padded base64 of `bytes`.
    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            bits <<= UInt32(8 * (3 - group.count))
            for position in 0..<4 {
                let isPadding = position > group.count
                result.append(
                    isPadding ? UInt8(ascii: "=") : self.alphabet[Int(bits >> UInt32(18 - 6 * position)) & 63]
                )
            }
        }
        return result
    }

    /// How many bytes `text` stands for, or nil when it is not padded base64.
    static func decodedCount(of text: some Collection<UInt8>) -> Int? {
        guard text.count % 4 == 0, !text.isEmpty else { return nil }
        let padding = text.reversed().prefix(2).prefix { $0 == UInt8(ascii: "=") }.count
        guard text.dropLast(padding).allSatisfy({ self.alphabet.contains($0) }) else { return nil }
        return text.count / 4 * 3 - padding
    }
}
