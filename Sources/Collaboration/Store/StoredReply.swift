/// An answer that is given again when the same request comes again.
public struct StoredReply: Hashable, Sendable {
    /// A digest of the request, to tell it from another one of the same name.
    public var fingerprint: [UInt8]
    /// The status of HTTP.
    public var status: Int
    /// Headers that belong to the answer.
    public var headers: [ReplyHeader]
    /// The body.
    public var body: [UInt8]
    /// When it was given, in milliseconds since 1970.
    public var timestamp: Int64

    /// An answer with all its parts.
    public init(fingerprint: [UInt8], status: Int, headers: [ReplyHeader], body: [UInt8], timestamp: Int64) {
        self.fingerprint = fingerprint
        self.status = status
        self.headers = headers
        self.body = body
        self.timestamp = timestamp
    }
}

/// A header of a kept answer.
public struct ReplyHeader: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Its value, without line breaks.
    public var value: String

    /// A header of its parts.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// How many answers are kept, and for how long.
public struct ReplyLimits: Hashable, Sendable {
    /// The most answers; the oldest go.
    public var count = 10_000
    /// The most bytes of a body; a longer one is not kept.
    public var byteCount = 64 << 10
    /// How long, in milliseconds: a day.
    public var milliseconds: Int64 = 86_400_000

    /// The defaults.
    public init() {}
}
