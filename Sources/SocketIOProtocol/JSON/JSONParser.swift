extension JSON {
    /// Parses UTF-8 JSON (RFC 8259, strictly).
    ///
    /// Any input gives a value or an error. Of repeated keys the last wins. A string with an escaped surrogate that
    /// lacks its other half becomes an ``JSON/illFormedString(_:)``; in a key such a surrogate becomes U+FFFD. A byte order
    /// mark is refused, as the RFC allows.
    ///
    /// - Complexity: O(*n*) in time; memory is bounded by the limits and by about twenty times *n*.
    public static func parse(_ utf8: [UInt8], limits: Limits = .default) throws(JSONError) -> JSON {
        try Self.parse(utf8[...], limits: limits)
    }

    /// Parses a slice, without copying it.
    public static func parse(_ utf8: ArraySlice<UInt8>, limits: Limits = .default) throws(JSONError) -> JSON {
        // The standard library's closure takes untyped throws only; a `Result` carries the typed error out.
        let result: Result<JSON, JSONError> = utf8.withUnsafeBufferPointer { bytes in
            var parser = JSONParser(bytes: bytes, limits: limits)
            do throws(JSONError) {
                return .success(try parser.parseDocument())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Parses any other collection of bytes; a string's `utf8`, for one.
    public static func parse(_ utf8: some Collection<UInt8>, limits: Limits = .default) throws(JSONError) -> JSON {
        try Self.parse(Array(utf8)[...], limits: limits)
    }
}

/// A recursive descent over bytes that outlive it.
///
/// `parse…` functions begin at the value's first byte and end behind its last.
struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    let limits: JSON.Limits
    private let maxDepth: Int
    var position = 0
    /// Whether the string parsed last had a surrogate without its other half.
    var hasLoneSurrogate = false
    private var valuesLeft: Int

    init(bytes: UnsafeBufferPointer<UInt8>, limits: JSON.Limits) {
        self.bytes = bytes
        self.limits = limits
        // The recursion is as deep as the nesting, so whatever the caller asks for, the stack stays safe.
        self.maxDepth = min(limits.maxDepth, 256)
        self.valuesLeft = limits.maxValues
    }

    /// A value with nothing but white space around it.
    mutating func parseDocument() throws(JSONError) -> JSON {
        self.skipWhiteSpace()
        let value = try self.parseValue(depth: 0)
        self.skipWhiteSpace()
        guard self.position == self.bytes.count else { throw .trailingBytes }
        return value
    }

    private mutating func parseValue(depth: Int) throws(JSONError) -> JSON {
        guard self.position < self.bytes.count else { throw .unexpectedEnd }
        guard self.valuesLeft > 0 else { throw .tooManyValues }
        self.valuesLeft -= 1
        switch self.bytes[self.position] {
        case UInt8(ascii: "\""):
            return try self.parseStringValue()
        case UInt8(ascii: "{"):
            return .object(try self.parseObject(depth: depth + 1))
        case UInt8(ascii: "["):
            return .array(try self.parseArray(depth: depth + 1))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return try self.parseNumber()
        case UInt8(ascii: "t"):
            try self.expect("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try self.expect("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try self.expect("null")
            return .null
        case _:
            throw .unexpectedByte
        }
    }

    private mutating func parseArray(depth: Int) throws(JSONError) -> [JSON] {
        guard depth <= self.maxDepth else { throw .tooDeep }
        self.position += 1
        self.skipWhiteSpace()
        if self.take(UInt8(ascii: "]")) { return [] }
        var elements: [JSON] = []
        while true {
            elements.append(try self.parseValue(depth: depth))
            self.skipWhiteSpace()
            if self.take(UInt8(ascii: ",")) {
                self.skipWhiteSpace()
            } else if self.take(UInt8(ascii: "]")) {
                return elements
            } else {
                throw self.position < self.bytes.count ? .unexpectedByte : .unexpectedEnd
            }
        }
    }

    private mutating func parseObject(depth: Int) throws(JSONError) -> JSONObject {
        guard depth <= self.maxDepth else { throw .tooDeep }
        self.position += 1
        self.skipWhiteSpace()
        if self.take(UInt8(ascii: "}")) { return JSONObject() }
        var members: [JSONObject.Member] = []
        while true {
            guard self.position < self.bytes.count else { throw .unexpectedEnd }
            guard self.bytes[self.position] == UInt8(ascii: "\"") else { throw .unexpectedByte }
            let key = try self.parseString()
            self.skipWhiteSpace()
            try self.expect(":")
            self.skipWhiteSpace()
            members.append(.init(key: key, value: try self.parseValue(depth: depth)))
            self.skipWhiteSpace()
            if self.take(UInt8(ascii: ",")) {
                self.skipWhiteSpace()
            } else if self.take(UInt8(ascii: "}")) {
                return JSONObject(possiblyRepeated: members)
            } else {
                throw self.position < self.bytes.count ? .unexpectedByte : .unexpectedEnd
            }
        }
    }

    /// Steps over `byte` if it comes next.
    private mutating func take(_ byte: UInt8) -> Bool {
        guard self.position < self.bytes.count, self.bytes[self.position] == byte else { return false }
        self.position += 1
        return true
    }

    /// Steps over a word that must come next.
    private mutating func expect(_ word: StaticString) throws(JSONError) {
        for offset in 0..<word.utf8CodeUnitCount {
            guard self.position < self.bytes.count else { throw .unexpectedEnd }
            guard self.bytes[self.position] == word.utf8Start[offset] else { throw .unexpectedByte }
            self.position += 1
        }
    }

    private mutating func skipWhiteSpace() {
        while self.position < self.bytes.count {
            switch self.bytes[self.position] {
            case 0x20, 0x0A, 0x0D, 0x09: self.position += 1
            case _: return
            }
        }
    }
}
