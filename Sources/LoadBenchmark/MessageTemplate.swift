import NIOCore

/// A message of one sender, made once: only the number of the ack and the stamp of the payload are written each time.
struct MessageTemplate {
    /// Acks are asked for with numbers of the same length, so that every message is as long as the template.
    static let firstAck = 1_000_000_000
    /// How many digits they have.
    static let ackDigits = 10

    private let bytes: [UInt8]
    private let ackOffset: Int?
    private let stampOffset: Int?

    /// How many bytes a message is on the wire.
    var byteCount: Int { self.bytes.count }

    /// A packet in one text frame and perhaps one binary frame.
    ///
    /// In the text, `#` stands for the number of an ack and `$` for the payload, once each at most.
    init(_ text: String, payload: [UInt8] = [], attachment: [UInt8]? = nil) {
        var packet: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "#"): packet += [UInt8](repeating: UInt8(ascii: "0"), count: Self.ackDigits)
            case UInt8(ascii: "$"): packet += payload
            default: packet.append(byte)
            }
        }
        var bytes: [UInt8] = []
        ClientFrames.append(ClientFrames.text, packet, to: &bytes)
        let start = bytes.count - packet.count
        let before = text.utf8.prefix { $0 != UInt8(ascii: "$") }
        let ack = text.utf8.prefix { $0 != UInt8(ascii: "#") }.count
        self.ackOffset = ack < text.utf8.count ? start + ack : nil
        if let attachment {
            ClientFrames.append(ClientFrames.binary, attachment, to: &bytes)
            self.stampOffset = bytes.count - attachment.count
        } else if before.count < text.utf8.count {
            let shift = ack < before.count ? Self.ackDigits - 1 : 0
            self.stampOffset = start + before.count + shift
        } else {
            self.stampOffset = nil
        }
        self.bytes = bytes
    }

    /// Appends a message.
    @inline(__always)
    func write(ack: Int, stamp: Stamp?, to buffer: inout ByteBuffer) {
        let count = self.bytes.count
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
            self.bytes.withUnsafeBytes { target.copyMemory(from: $0) }
            if let ackOffset = self.ackOffset {
                var value = Self.firstAck + ack
                for index in stride(from: ackOffset + Self.ackDigits - 1, through: ackOffset, by: -1) {
                    target[index] = 0x30 + UInt8(value % 10)
                    value /= 10
                }
            }
            if let stamp, let stampOffset = self.stampOffset {
                stamp.write(to: UnsafeMutableRawBufferPointer(rebasing: target[stampOffset...]))
            }
            return count
        }
    }
}
