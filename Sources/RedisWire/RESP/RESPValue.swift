public import NIOCore

/// One reply of Redis, or one message that it sends by itself (RESP2).
public enum RESPValue: Sendable, Hashable {
    /// A status such as `OK`.
    case simpleString(String)
    /// A refusal: a word that programs look at (`NOSCRIPT`, `WRONGPASS`, `ERR`), then a text for people.
    case error(String)
    /// A number.
    case integer(Int64)
    /// Bytes.
    case bulkString(ByteBuffer)
    /// Several values.
    case array([RESPValue])
    /// What is not there: a key without value, a transaction that was given up.
    case null
    /// Bytes that were more than ``RESPParser/Limits`` allow; they were passed over, and all that follows is whole.
    case skipped(byteCount: Int)

    /// The text of a status or of bytes; nil when this is neither, or no UTF-8.
    public var text: String? {
        switch self {
        case .simpleString(let text): text
        case .bulkString(let bytes): String(validating: bytes.readableBytesView, as: UTF8.self)
        case .error, .integer, .array, .null, .skipped: nil
        }
    }

    /// The bytes, if these are some.
    public var bytes: ByteBuffer? {
        if case .bulkString(let bytes) = self { bytes } else { nil }
    }

    /// The number, if this is one, or bytes that spell one.
    public var int: Int? {
        switch self {
        case .integer(let value): Int(value)
        case .bulkString, .simpleString: self.text.flatMap { Int($0) }
        case .error, .array, .null, .skipped: nil
        }
    }

    /// The elements, if this is an array.
    public var array: [RESPValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// Whether this stands for nothing.
    public var isNull: Bool { self == .null }
}
