/// Who sent a payload, and which of the sender's messages it is, in the first eleven bytes of the payload.
///
/// Five bits a character, in characters that JSON leaves as they are: four for the sender, seven for the number.
struct Stamp: Equatable {
    /// How many bytes it takes.
    static let byteCount = senderDigits + numberDigits
    /// How many senders there can be.
    static let maximumSenders = 1 << (5 * senderDigits)

    private static let senderDigits = 4
    private static let numberDigits = 7
    /// "0" to "O": neither a quote nor a backslash is among them.
    private static let zero: UInt8 = 0x30

    var sender: Int
    var number: Int

    /// Writes it over the first bytes of a payload.
    @inline(__always)
    func write(to bytes: UnsafeMutableRawBufferPointer) {
        Self.write(self.sender, digits: Self.senderDigits, at: 0, to: bytes)
        Self.write(self.number, digits: Self.numberDigits, at: Self.senderDigits, to: bytes)
    }

    /// Reads it; `nil` when these bytes are no stamp.
    @inline(__always)
    static func read(_ bytes: UnsafeRawBufferPointer) -> Stamp? {
        guard bytes.count >= Self.byteCount else { return nil }
        guard let sender = Self.read(bytes, from: 0, digits: Self.senderDigits),
            let number = Self.read(bytes, from: Self.senderDigits, digits: Self.numberDigits)
        else { return nil }
        return Stamp(sender: sender, number: number)
    }

    @inline(__always)
    private static func write(_ value: Int, digits: Int, at offset: Int, to bytes: UnsafeMutableRawBufferPointer) {
        var value = value
        for index in stride(from: offset + digits - 1, through: offset, by: -1) {
            bytes[index] = Self.zero + UInt8(value & 31)
            value >>= 5
        }
    }

    @inline(__always)
    private static func read(_ bytes: UnsafeRawBufferPointer, from offset: Int, digits: Int) -> Int? {
        var value = 0
        for index in offset..<offset + digits {
            let digit = bytes[index] &- Self.zero
            guard digit < 32 else { return nil }
            value = value << 5 | Int(digit)
        }
        return value
    }
}
