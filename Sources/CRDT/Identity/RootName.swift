/// The name of a root of a document: 1 to 256 bytes of well-formed UTF-8.
///
/// Names are compared byte by byte; no Unicode normalisation takes place.
///
///     let body: RootName = "body"
public struct RootName: Hashable, Sendable, ExpressibleByStringLiteral {
    /// The most bytes a name can have.
    ///
    /// A name is sent with each insertion at the very start of its root.
    public static let maximumUTF8Count = 256

    /// The name's bytes.
    public let utf8: [UInt8]

    /// Makes a name of bytes that came from outside.
    ///
    /// - Throws: `limitExceeded` when it is empty or too long, `illFormedUTF8` when it is not text.
    public init(utf8: [UInt8]) throws(FormatError) {
        guard !utf8.isEmpty, utf8.count <= Self.maximumUTF8Count else { throw .limitExceeded }
        guard UTF8Text.utf16Count(of: utf8, in: 0..<utf8.count) != nil else { throw .illFormedUTF8 }
        self.utf8 = utf8
    }

    /// Makes a name of a string that came from outside.
    ///
    /// - Throws: `limitExceeded` when it is empty or longer than 256 bytes.
    public init(string: String) throws(FormatError) {
        try self.init(utf8: Array(string.utf8))
    }

    /// Makes a name of a literal.
    ///
    /// - Precondition: the literal has 1 to 256 bytes of UTF-8.
    public init(stringLiteral value: StaticString) {
        var utf8: [UInt8] = []
        value.withUTF8Buffer { buffer in
            utf8.reserveCapacity(buffer.count)
            for index in buffer.indices { unsafe utf8.append(buffer[index]) }
        }
        precondition(!utf8.isEmpty && utf8.count <= Self.maximumUTF8Count, "A root name has 1 to 256 bytes.")
        self.utf8 = utf8
    }

    /// The name as a string, for display and for keys of JSON objects.
    public var string: String { String(decoding: utf8, as: UTF8.self) }
}
