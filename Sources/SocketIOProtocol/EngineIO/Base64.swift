/// Base64 (RFC 4648 §4, padded): binary messages in polling bodies, WebSocket handshakes, session ids.
package enum Base64 {
    /// The encoded form of `data` as ASCII.
    package static func encode(_ data: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        self.encode(data, into: &bytes)
        return bytes
    }

    static func encode(_ data: [UInt8], into bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + (data.count + 2) / 3 * 4)
        var place = 0
        while place + 3 <= data.count {
            let group = UInt32(data[place]) << 16 | UInt32(data[place + 1]) << 8 | UInt32(data[place + 2])
            self.append(group, characters: 4, to: &bytes)
            place += 3
        }
        switch data.count - place {
        case 1:
            self.append(UInt32(data[place]) << 16, characters: 2, to: &bytes)
            bytes.append(contentsOf: [self.padding, self.padding])
        case 2:
            self.append(UInt32(data[place]) << 16 | UInt32(data[place + 1]) << 8, characters: 3, to: &bytes)
            bytes.append(self.padding)
        case _:
            break
        }
    }

    /// Decodes; nil for a wrong length, a foreign character, misplaced padding.
    ///
    /// Bits behind the last byte are not looked at, as in Node's and the browsers' decoders.
    package static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var end = text.endIndex
        while end > text.startIndex, text.endIndex - end < 2, text[end - 1] == self.padding { end -= 1 }
        var data: [UInt8] = []
        data.reserveCapacity(text.count / 4 * 3)
        var group: UInt32 = 0
        var bits = 0
        for byte in text[..<end] {
            guard let value = self.value(of: byte) else { return nil }
            group = group << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                data.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            }
        }
        return data
    }

    private static let padding = UInt8(ascii: "=")

    private static func append(_ group: UInt32, characters: Int, to bytes: inout [UInt8]) {
        for index in 0..<characters {
            bytes.append(self.character(UInt8(truncatingIfNeeded: group >> UInt32(18 - 6 * index)) & 63))
        }
    }

    private static func character(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: UInt8(ascii: "A") + value
        case 26..<52: UInt8(ascii: "a") + (value - 26)
        case 52..<62: UInt8(ascii: "0") + (value - 52)
        case 62: UInt8(ascii: "+")
        case _: UInt8(ascii: "/")
        }
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        case _: nil
        }
    }
}
