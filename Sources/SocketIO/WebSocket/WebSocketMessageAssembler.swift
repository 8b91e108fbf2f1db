import NIOCore
import NIOWebSocket

/// Puts the frames of a WebSocket client together into messages, and finds every breach of RFC 6455 on the way.
///
/// NIO's own aggregator neither validates text nor bounds the number of fragments. Sans-IO: a frame in, an event out.
struct WebSocketMessageAssembler {
    /// What a frame led to.
    enum Event {
        /// Nothing yet: a fragment, or a pong nobody asked for.
        case none
        /// A whole text message, well-formed UTF-8.
        case text([UInt8])
        /// A whole binary message.
        case binary([UInt8])
        /// A ping that wants these bytes back.
        case ping(ByteBuffer)
        /// The peer closes; the code to answer with.
        case close(WebSocketErrorCode?)
        /// The peer broke the protocol; the code to close with.
        case violation(WebSocketErrorCode, StaticString)
    }

    private let maxMessageBytes: Int
    private let maxFragments: Int
    /// Set when permessage-deflate was agreed on, before the first frame.
    var inflator: Inflator?

    /// The message under way, if it came in fragments.
    private var fragments: Fragments?

    fileprivate struct Fragments {
        var isText: Bool
        var isCompressed = false
        var count = 1
        var bytes: [UInt8]
        var validator = UTF8Validator()
    }

    /// - Parameters:
    ///   - maxMessageBytes: the limit over all fragments of a message.
    ///   - maxFragments: a message in more fragments costs more than it carries, and is refused.
    init(maxMessageBytes: Int, maxFragments: Int) {
        self.maxMessageBytes = maxMessageBytes
        self.maxFragments = maxFragments
    }

    /// Takes the next frame of the client.
    mutating func receive(_ frame: WebSocketFrame) -> Event {
        // Section 5.1: a client masks every frame. Section 5.2: rsv bits are zero, but for RFC 7692's on the first frame of
        // a compressed message (section 6.1 there).
        guard frame.maskKey != nil else { return .violation(.protocolError, "unmasked frame") }
        let mayBeCompressed = self.inflator != nil && (frame.opcode == .text || frame.opcode == .binary)
        guard !frame.rsv1 || mayBeCompressed, !frame.rsv2, !frame.rsv3 else { return .violation(.protocolError, "reserved bit set") }

        switch frame.opcode {
        case .text:
            return self.begin(frame, isText: true)
        case .binary:
            return self.begin(frame, isText: false)
        case .continuation:
            return self.proceed(frame)
        case .ping:
            return .ping(frame.unmaskedData)
        case .pong:
            return .none
        case .connectionClose:
            return self.close(frame.unmaskedData)
        default:
            return .violation(.protocolError, "reserved opcode")
        }
    }

    private mutating func begin(_ frame: WebSocketFrame, isText: Bool) -> Event {
        guard self.fragments == nil else { return .violation(.protocolError, "message inside a fragmented message") }
        guard frame.length <= self.maxMessageBytes else { return .violation(.messageTooLarge, "message too big") }
        if frame.rsv1 {
            return self.inflate(frame, into: Fragments(isText: isText, isCompressed: true, bytes: []))
        }

        var fragments = Fragments(isText: isText, bytes: Array(frame.unmaskedData.readableBytesView))
        guard fragments.isValid(from: 0, isLast: frame.fin) else { return Self.illFormedText }
        if frame.fin {
            return isText ? .text(fragments.bytes) : .binary(fragments.bytes)
        }
        self.fragments = fragments
        return .none
    }

    private mutating func proceed(_ frame: WebSocketFrame) -> Event {
        guard var fragments = self.fragments.take() else {
            return .violation(.protocolError, "continuation of nothing")
        }
        fragments.count += 1
        guard fragments.count <= self.maxFragments else { return .violation(.policyViolation, "too many fragments") }
        if fragments.isCompressed { return self.inflate(frame, into: fragments) }
        guard frame.length <= self.maxMessageBytes - fragments.bytes.count else {
            return .violation(.messageTooLarge, "message too big")
        }

        let start = fragments.bytes.count
        fragments.bytes.append(contentsOf: frame.unmaskedData.readableBytesView)
        guard fragments.isValid(from: start, isLast: frame.fin) else { return Self.illFormedText }
        if frame.fin {
            return fragments.isText ? .text(fragments.bytes) : .binary(fragments.bytes)
        }
        self.fragments = fragments
        return .none
    }

    /// The next frame of a compressed message; the limit and UTF-8 are checked on what comes out, as it comes out.
    private mutating func inflate(_ frame: WebSocketFrame, into message: consuming Fragments) -> Event {
        guard let inflator = self.inflator else { return .violation(.protocolError, "reserved bit set") }
        var message = message
        let start = message.bytes.count
        do throws(Inflator.Failure) {
            try inflator.inflate(
                frame.unmaskedData,
                isLast: frame.fin,
                into: &message.bytes,
                limit: self.maxMessageBytes
            )
        } catch {
            switch error {
            case .tooLarge: return .violation(.messageTooLarge, "message too big when inflated")
            case .malformed: return .violation(.dataInconsistentWithMessage, "malformed compressed message")
            }
        }
        guard message.isValid(from: start, isLast: frame.fin) else { return Self.illFormedText }
        if frame.fin { return message.isText ? .text(message.bytes) : .binary(message.bytes) }
        self.fragments = message
        return .none
    }

    /// Section 5.5.1 and 7.4: nothing, or a code that may travel and a well-formed reason.
    private func close(_ body: ByteBuffer) -> Event {
        var body = body
        guard body.readableBytes > 0 else { return .close(nil) }
        guard let code: UInt16 = body.readInteger() else { return .violation(.protocolError, "close body of one byte") }
        switch code {
        case 1000...1003, 1007...1014, 3000...4999:
            break
        default:
            return .violation(.protocolError, "reserved close code")
        }
        var validator = UTF8Validator()
        let isWellFormed = body.withUnsafeReadableBytes { validator.feed($0) } && validator.isComplete
        return isWellFormed ? .close(WebSocketErrorCode(codeNumber: Int(code))) : Self.illFormedText
    }

    private static var illFormedText: Event { .violation(.dataInconsistentWithMessage, "ill-formed UTF-8") }
}

extension WebSocketMessageAssembler.Fragments {
    /// Whether the text up to here, of which the part from `start` is new, can still be well-formed.
    fileprivate mutating func isValid(from start: Int, isLast: Bool) -> Bool {
        guard self.isText else { return true }
        let canBe = self.bytes.withUnsafeBytes { self.validator.feed(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        return canBe && (!isLast || self.validator.isComplete)
    }
}
