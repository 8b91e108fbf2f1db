public import NIOCore

/// One command, in the form in which it goes over the wire.
///
/// Its description names the command alone: arguments may be secrets, and are other people's data anyhow.
public struct RESPCommand: Sendable, CustomStringConvertible {
    /// The command's name, such as `GET`.
    public let name: String
    /// The encoded form.
    public let encoded: ByteBuffer

    /// A command with arguments that are texts, numbers or bytes.
    ///
    ///     RESPCommand("XADD", "log", "MINID", "~", id, "*", "change", .bytes(change))
    public init(_ name: String, _ arguments: Argument...) {
        self.init(name, arguments: arguments)
    }

    /// The same with a list of arguments.
    public init(_ name: String, arguments: [Argument]) {
        self.name = name
        var capacity = name.utf8.count + 32
        for argument in arguments { capacity += argument.byteCount + 16 }
        var encoded = ByteBufferAllocator().buffer(capacity: capacity)
        encoded.writeString("*\(arguments.count + 1)\r\n$\(name.utf8.count)\r\n")
        encoded.writeString(name)
        for argument in arguments {
            encoded.writeString("\r\n$\(argument.byteCount)\r\n")
            switch argument.content {
            case .text(let text): encoded.writeString(text)
            case .bytes(let bytes): encoded.writeBytes(bytes)
            case .buffer(let buffer): encoded.writeImmutableBuffer(buffer)
            }
        }
        encoded.writeStaticString("\r\n")
        self.encoded = encoded
    }

    /// The name.
    public var description: String { self.name }

    /// One argument.
    public struct Argument: Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
        ExpressibleByIntegerLiteral
    {
        fileprivate enum Content {
            case text(String)
            case bytes([UInt8])
            case buffer(ByteBuffer)
        }

        fileprivate let content: Content

        /// A text, as UTF-8.
        public static func text(_ text: String) -> Argument { Argument(content: .text(text)) }
        /// Bytes.
        public static func bytes(_ bytes: [UInt8]) -> Argument { Argument(content: .bytes(bytes)) }
        /// The readable bytes of a buffer.
        public static func buffer(_ buffer: ByteBuffer) -> Argument { Argument(content: .buffer(buffer)) }
        /// A number, in digits.
        public static func int(_ number: Int) -> Argument { Argument(content: .text(String(number))) }

        private init(content: Content) {
            self.content = content
        }

        /// A text.
        public init(stringLiteral value: String) { self.init(content: .text(value)) }
        /// A number, in digits.
        public init(integerLiteral value: Int) { self.init(content: .text(String(value))) }

        fileprivate var byteCount: Int {
            switch self.content {
            case .text(let text): text.utf8.count
            case .bytes(let bytes): bytes.count
            case .buffer(let buffer): buffer.readableBytes
            }
        }
    }
}
