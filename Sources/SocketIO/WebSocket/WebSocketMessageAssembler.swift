import NIOCore
import NIOWebSocket
import SocketIOProtocol

/// Puts the frames of a WebSocket client together into messages, and finds every breach of RFC 6455 on the way.
///
/// Sans-IO: a part of a frame in, an event out. Everything is judged when it comes: a header before its payload, text
/// byte by byte, a limit before what would pass it is kept.
struct WebSocketMessageAssembler {
    /// What a part of a frame led to.
    enum Event {
        /// Nothing yet: a fragment or less, or a pong nobody asked for.
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
    /// The limit of what is to be inflated: what does not compress becomes longer, by less than an eighth (zlib.h, at
    /// `deflateBound`).
    private let maxPackedBytes: Int
    private let maxFragments: Int
    /// Set when permessage-deflate was agreed on, before the first frame.
    var inflator: Inflator?

    /// The message under way.
    private var message: Message?

    fileprivate struct Message {
        let isText: Bool
        let isCompressed: Bool
        var frameCount = 0
        /// How much its frames carry, the one under way as a whole.
        var payloadCount = 0
        var bytes: [UInt8] = []
        var validator = UTF8Validator()
    }

    /// - Parameters:
    ///   - maxMessageBytes: the limit over all fragments of a message.
    ///   - maxFragments: a message in more fragments costs more than it carries, and is refused.
    init(maxMessageBytes: Int, maxFragments: Int) {
        self.maxMessageBytes = maxMessageBytes
        self.maxPackedBytes = min(maxMessageBytes, .max / 2) / 8 * 9 + 64
        self.maxFragments = maxFragments
    }

    /// Takes the next part of the client's frames.
    mutating func receive(_ part: ClientFrameParser.Part) -> Event {
        if part.isFirst, let violation = self.begin(part.header) { return violation }
        switch part.header.opcode {
        case .ping: return .ping(part.payload)
        case .pong: return .none
        case .connectionClose: return Self.close(part.payload)
        default: return self.proceed(part)
        }
    }

    /// Judges a frame by its header; nil if its payload is welcome.
    private mutating func begin(_ header: ClientFrameParser.Header) -> Event? {
        guard !header.isBreach else { return .violation(.protocolError, "unmasked, or no control frame") }
        let isMessage = header.opcode == .text || header.opcode == .binary
        // Section 5.2: reserved bits are zero, but for RFC 7692's on the first frame of a compressed message (section 6.1
        // there).
        let isCompressed = isMessage && self.inflator != nil && header.reserved == 0b100
        guard header.reserved == 0 || isCompressed else { return .violation(.protocolError, "reserved bit set") }

        switch header.opcode {
        case .text, .binary:
            guard self.message == nil else { return .violation(.protocolError, "message inside a fragmented message") }
            self.message = Message(isText: header.opcode == .text, isCompressed: isCompressed)
            return self.extendMessage(by: header.length)
        case .continuation:
            return self.extendMessage(by: header.length)
        case .ping, .pong, .connectionClose:
            return nil
        default:
            return .violation(.protocolError, "reserved opcode")
        }
    }

    /// One frame more of the message under way, unless it goes past a limit.
    private mutating func extendMessage(by length: Int) -> Event? {
        guard let message = self.message else { return .violation(.protocolError, "continuation of nothing") }
        guard message.frameCount < self.maxFragments else { return .violation(.policyViolation, "too many fragments") }
        let limit = message.isCompressed ? self.maxPackedBytes : self.maxMessageBytes
        guard length <= limit - message.payloadCount else { return Self.tooBig }
        self.message?.frameCount += 1
        self.message?.payloadCount += length
        return nil
    }

    /// More of a message.
    private mutating func proceed(_ part: ClientFrameParser.Part) -> Event {
        // Taken out, or every part would copy what there is.
        guard var message = self.message.take() else { return .violation(.protocolError, "continuation of nothing") }
        let isLast = part.isLast && part.header.isFinal
        let start = message.bytes.count
        var failure: Inflator.Failure?
        if !message.isCompressed {
            part.append(to: &message.bytes)
        } else if let inflator = self.inflator {
            do throws(Inflator.Failure) {
                try inflator.inflate(part.payload, isLast: isLast, into: &message.bytes, limit: self.maxMessageBytes)
            } catch {
                failure = error
            }
        }
        // Text is judged first: what comes of a message must not depend on the cuts between its parts.
        guard message.isWellFormed(from: start, isLast: isLast && failure == nil) else { return Self.illFormedText }
        switch failure {
        case .tooLarge: return Self.tooBig
        case .malformed: return .violation(.dataInconsistentWithMessage, "malformed compressed message")
        case nil: break
        }
        if isLast { return message.isText ? .text(message.bytes) : .binary(message.bytes) }
        self.message = message
        return .none
    }

    /// Section 5.5.1 and 7.4: nothing, or a code that may travel and a well-formed reason.
    private static func close(_ body: ByteBuffer) -> Event {
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
    private static var tooBig: Event { .violation(.messageTooLarge, "message too big") }
}

extension WebSocketMessageAssembler.Message {
    /// Whether the text up to here, of which the part from `start` is new, can still be well-formed.
    fileprivate mutating func isWellFormed(from start: Int, isLast: Bool) -> Bool {
        guard self.isText else { return true }
        let canBe = self.bytes.withUnsafeBytes { self.validator.feed(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        return canBe && (!isLast || self.validator.isComplete)
    }
}
