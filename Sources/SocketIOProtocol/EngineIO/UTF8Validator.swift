/// Checks that bytes, which may come in pieces, are well-formed UTF-8 (Unicode 15, table 3-7).
///
/// RFC 6455 section 8.1 wants an ill-formed text message refused with 1007, and a message may be cut between two
/// fragments in the middle of a character: hence a validator that can be fed piece by piece.
package struct UTF8Validator {
    /// How many continuation bytes are due, and what the next one may be: the first is narrower after E0, ED, F0, F4.
    private var due = 0
    private var allowed: ClosedRange<UInt8> = 0x80...0xBF

    /// A validator at the beginning of a text.
    package init() {}

    /// Whether what was fed so far ends between two characters.
    package var isComplete: Bool { self.due == 0 }

    /// Feeds the next piece.
    ///
    /// - Returns: false as soon as no continuation could make the text well-formed.
    /// - Complexity: O(*n*) in the length of the piece.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index < bytes.count {
            if self.due == 0 {
                // Most of what people type and most of JSON is ASCII: skip it eight bytes at a time.
                while index &+ 8 <= bytes.count,
                    bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
                {
                    index &+= 8
                }
                guard index < bytes.count else { return true }
            }
            guard self.feed(bytes[index]) else { return false }
            index &+= 1
        }
        return true
    }

    /// Whether bytes that are all there are a text.
    static func isText(_ bytes: [UInt8]) -> Bool {
        var validator = UTF8Validator()
        return bytes.withUnsafeBytes { validator.feed($0) } && validator.isComplete
    }

    private mutating func feed(_ byte: UInt8) -> Bool {
        if self.due > 0 {
            guard self.allowed.contains(byte) else { return false }
            self.due -= 1
            self.allowed = 0x80...0xBF
            return true
        }
        switch byte {
        case 0x00...0x7F:
            return true
        case 0xC2...0xDF:
            self.due = 1
        case 0xE0:
            (self.due, self.allowed) = (2, 0xA0...0xBF)
        case 0xED:
            (self.due, self.allowed) = (2, 0x80...0x9F)
        case 0xE1...0xEF:
            self.due = 2
        case 0xF0:
            (self.due, self.allowed) = (3, 0x90...0xBF)
        case 0xF4:
            (self.due, self.allowed) = (3, 0x80...0x8F)
        case 0xF1...0xF3:
            self.due = 3
        default:
            return false
        }
        return true
    }
}
