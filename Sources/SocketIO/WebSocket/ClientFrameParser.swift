import NIOCore
import NIOWebSocket

/// Cuts the bytes of a WebSocket client into frames (RFC 6455 section 5.2), without waiting for the end of a data frame.
///
/// ```
/// +-------------------+----------------------------------+-----------+---------+
/// | fin, rsv1-3,      | mask bit, length: 7 bits, or     | mask key, | payload |
/// | opcode            | 126 + 16 bits, or 127 + 64 bits  | 4 bytes   |         |
/// +-------------------+----------------------------------+-----------+---------+
/// ```
///
/// NIO's own decoder hands out whole frames only, so that ill-formed text would be noticed up to a message's limit late, and
/// each connection could make us hold that much. Here what is held back is a header, or a control frame: 139 bytes.
///
/// Sans-IO: ``feed(_:)`` bytes, then take ``next()`` until it is nil.
struct ClientFrameParser {
    /// What stands before a payload.
    struct Header {
        let isFinal: Bool
        /// The three reserved bits, RSV1 the highest of them.
        let reserved: UInt8
        let opcode: WebSocketOpcode
        let isMasked: Bool
        /// Of the whole payload; negative never.
        let length: Int
    }

    /// A frame, or as much of a data frame as is there.
    struct Part {
        let header: Header
        /// Whether the payload begins with this part.
        let isFirst: Bool
        /// Whether it ends with it.
        let isLast: Bool
        fileprivate let masked: ByteBuffer
        /// The mask's four bytes, the one for the first byte of this part lowest.
        fileprivate let key: UInt32
    }

    /// What is known of the frame under way once its header is there.
    private struct Frame {
        let header: Header
        var key: UInt32
        var remaining: Int
        var isUntouched = true
    }

    private var buffer: ByteBuffer?
    private var frame: Frame?

    /// Takes what has come.
    mutating func feed(_ bytes: ByteBuffer) {
        if self.buffer == nil {
            self.buffer = bytes
        } else {
            self.buffer?.writeImmutableBuffer(bytes)
        }
    }

    /// The next part; nil when nothing can be told from what has come.
    ///
    /// The payload of a control frame comes whole. A part whose header is a breach is the caller's to refuse, before any of
    /// its payload has come.
    mutating func next() -> Part? {
        guard var buffer = self.buffer.take() else { return nil }
        if self.frame == nil { self.frame = Self.readHeader(&buffer) }
        guard var frame = self.frame else {
            self.hold(buffer)
            return nil
        }
        let count = min(frame.remaining, buffer.readableBytes)
        let comesWhole = frame.header.opcode.isControlOpcode && !frame.header.isBreach
        // A header is told alone if need be: it may be all there is to refuse.
        guard count == frame.remaining || (!comesWhole && (count > 0 || frame.isUntouched)) else {
            self.hold(buffer)
            return nil
        }
        let part = Part(
            header: frame.header,
            isFirst: frame.isUntouched,
            isLast: count == frame.remaining,
            masked: buffer.readSlice(length: count) ?? ByteBuffer(),
            key: frame.key
        )
        frame.isUntouched = false
        frame.remaining -= count
        frame.key = frame.key.rotated(byBytes: count)
        self.frame = part.isLast ? nil : frame
        self.buffer = buffer.readableBytes > 0 ? buffer : nil
        return part
    }

    /// Keeps what is no whole header or control frame, without the read buffer that it came in.
    private mutating func hold(_ rest: ByteBuffer) {
        self.buffer = rest.readableBytes > 0 ? ByteBuffer(bytes: rest.readableBytesView) : nil
    }

    /// Reads a header, or nothing while it is not whole.
    private static func readHeader(_ buffer: inout ByteBuffer) -> Frame? {
        var reader = buffer
        guard let first: UInt8 = reader.readInteger(), let second: UInt8 = reader.readInteger(),
            let opcode = WebSocketOpcode(encodedWebSocketOpcode: first & 0x0F)
        else { return nil }
        let length: UInt64
        switch second & 0x7F {
        case 126:
            guard let long: UInt16 = reader.readInteger() else { return nil }
            length = UInt64(long)
        case 127:
            guard let long: UInt64 = reader.readInteger() else { return nil }
            length = long
        case let short:
            length = UInt64(short)
        }
        let isMasked = second & 0x80 != 0
        var key: UInt32 = 0
        if isMasked {
            guard let mask = reader.readInteger(endianness: .little, as: UInt32.self) else { return nil }
            key = mask
        }
        buffer = reader
        let header = Header(
            isFinal: first & 0x80 != 0,
            reserved: first >> 4 & 0b111,
            opcode: opcode,
            isMasked: isMasked,
            // The highest bit must be zero; a length with it is too long for every limit all the same.
            length: Int(clamping: length)
        )
        return Frame(header: header, key: key, remaining: header.length)
    }
}

extension ClientFrameParser.Header {
    /// The longest payload of a control frame (section 5.5).
    private static let maxControlBytes = 125

    /// Whether it breaks a rule that no extension may change: masked (section 5.1), control frames short and whole.
    var isBreach: Bool {
        !self.isMasked || self.opcode.isControlOpcode && (!self.isFinal || self.length > Self.maxControlBytes)
    }
}

extension ClientFrameParser.Part {
    /// The bytes of the payload here, before the mask is off or after.
    var count: Int { self.masked.readableBytes }

    /// Puts the payload behind other bytes.
    ///
    /// - Complexity: O(*n*) in the length of the part.
    func append(to bytes: inout [UInt8]) {
        let start = bytes.count
        self.masked.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
        bytes.withUnsafeMutableBytes { self.key.unmask(UnsafeMutableRawBufferPointer(rebasing: $0[start...])) }
    }

    /// The payload in bytes of its own.
    var payload: ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: self.masked.readableBytes)
        buffer.writeImmutableBuffer(self.masked)
        buffer.withUnsafeMutableReadableBytes { self.key.unmask($0) }
        return buffer
    }
}

extension UInt32 {
    /// The mask for what comes so many bytes later.
    fileprivate func rotated(byBytes count: Int) -> UInt32 {
        let shift = UInt32(count & 3) * 8
        return self &>> shift | self &<< (32 &- shift)
    }

    /// Takes the mask off (section 5.3), eight bytes at a time.
    fileprivate func unmask(_ bytes: UnsafeMutableRawBufferPointer) {
        let wide = (UInt64(self) << 32 | UInt64(self)).littleEndian
        var index = 0
        while index &+ 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            bytes.storeBytes(of: word ^ wide, toByteOffset: index, as: UInt64.self)
            index &+= 8
        }
        while index < bytes.count {
            bytes[index] ^= UInt8(truncatingIfNeeded: self &>> UInt32((index & 3) * 8))
            index &+= 1
        }
    }
}
