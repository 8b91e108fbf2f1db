import NIOCore

/// A WebSocket frame that a server sent, unmasked, and whole.
struct ServerFrame {
    /// What a frame is (RFC 6455, section 5.2).
    enum Opcode: UInt8 {
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10
    }

    var opcode: Opcode
    /// Valid until the buffer is touched again.
    var payload: UnsafeRawBufferPointer
}

/// What a server must not send here.
enum FrameError: Error, Equatable {
    /// A server's frames are never masked.
    case masked
    /// No extension was offered, so none of its bits may be set.
    case reservedBits
    /// A message in pieces: the servers that are measured send none, so this program does not put any together.
    case fragmented
    /// An opcode that does not exist.
    case unknownOpcode(UInt8)
    /// Longer than anything that is sent here: a mistake in reading, most likely.
    case tooLong(UInt64)
}

/// Finds the frames in a stretch of bytes, one after the other, without copying any.
struct FrameScanner {
    /// Larger than the longest catch-up of a document that a load makes.
    static let maximumPayload: UInt64 = 1 << 30

    private let bytes: UnsafeRawBufferPointer
    /// Where the first frame starts that was not handed out.
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The next whole frame; `nil` when what is left is only the beginning of one.
    @inline(__always)
    mutating func next() throws(FrameError) -> ServerFrame? {
        let left = self.bytes.count - self.offset
        guard left >= 2 else { return nil }
        let first = self.bytes[self.offset]
        let second = self.bytes[self.offset + 1]
        guard first & 0b0111_0000 == 0 else { throw .reservedBits }
        guard second & 0x80 == 0 else { throw .masked }
        guard first & 0x80 != 0, first & 0x0F != 0 else { throw .fragmented }
        guard let opcode = ServerFrame.Opcode(rawValue: first & 0x0F) else { throw .unknownOpcode(first & 0x0F) }
        var header = 2
        var length = UInt64(second)
        if length == 126 {
            header = 4
            guard left >= header else { return nil }
            length = UInt64(self.bytes.loadUnaligned(fromByteOffset: self.offset + 2, as: UInt16.self).bigEndian)
        } else if length == 127 {
            header = 10
            guard left >= header else { return nil }
            length = self.bytes.loadUnaligned(fromByteOffset: self.offset + 2, as: UInt64.self).bigEndian
            guard length <= Self.maximumPayload else { throw .tooLong(length) }
        }
        let end = header + Int(length)
        guard left >= end else { return nil }
        let start = self.offset + header
        self.offset += end
        return ServerFrame(
            opcode: opcode,
            payload: UnsafeRawBufferPointer(rebasing: self.bytes[start..<start + Int(length)])
        )
    }
}

/// The bytes of one connection, as they come: hands out its frames, and keeps the beginning of one for the next time.
struct FrameStream {
    /// What came before of a frame that was not whole; empty most of the time.
    private var rest = ByteBuffer()

    /// Hands out every frame that is whole with what came now.
    @inline(__always)
    mutating func read(_ buffer: ByteBuffer, _ body: (ServerFrame) throws -> Void) throws {
        guard self.rest.readableBytes > 0 else {
            let used = try Self.scan(buffer, body)
            if used < buffer.readableBytes {
                var buffer = buffer
                buffer.moveReaderIndex(forwardBy: used)
                self.rest.writeBuffer(&buffer)
            }
            return
        }
        self.rest.writeImmutableBuffer(buffer)
        self.rest.moveReaderIndex(forwardBy: try Self.scan(self.rest, body))
        if self.rest.readableBytes == 0 {
            self.rest.clear()
        } else {
            self.rest.discardReadBytes()
        }
    }

    @inline(__always)
    private static func scan(_ buffer: ByteBuffer, _ body: (ServerFrame) throws -> Void) throws -> Int {
        try buffer.withUnsafeReadableBytes { bytes in
            var scanner = FrameScanner(bytes)
            while let frame = try scanner.next() { try body(frame) }
            return scanner.offset
        }
    }
}
