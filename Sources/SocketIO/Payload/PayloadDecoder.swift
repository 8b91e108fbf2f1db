import SocketIOProtocol

/// JSON to values of the application, with every broken rule and the path of the field.
///
/// Recursion is as deep as the payload, which the parser has bounded.
struct PayloadDecoder: Decoder {
    let value: JSON
    let path: String
    let codingPath: [any CodingKey]
    let session: Session
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// What decoding one payload has found out so far.
    final class Session {
        /// Broken rules; decoding goes on to find more, up to a bound: an array may hold a hundred thousand.
        private(set) var errors: [FieldError] = []
        /// The fields that were asked for, by the path of their object, as long as somebody wants to know.
        var known: [String: Set<WireName>] = [:]
        /// The objects whose unknown fields are errors, while they are decoded.
        var strictPaths: Set<String> = []

        func note(_ found: [FieldError]) {
            self.errors += found.prefix(max(0, 32 - self.errors.count))
        }
    }

    init(_ value: JSON, path: String, codingPath: [any CodingKey] = [], session: Session) {
        self.value = value
        self.path = path
        self.codingPath = codingPath
        self.session = session
    }

    /// Decodes one argument of an event.
    ///
    /// - Throws: ``EventError/invalidPayload(_:)`` with all that is wrong, as far as it can be known.
    static func decode<Value: Decodable>(_ type: Value.Type, from json: JSON, argument: Int) throws -> Value {
        let session = Session()
        let path = FieldPath.argument(argument)
        do {
            let value = try PayloadDecoder(json, path: path, session: session).decode(type)
            guard session.errors.isEmpty else { throw EventError.invalidPayload(session.errors) }
            return value
        } catch let error as FieldError {
            throw EventError.invalidPayload(session.errors + [error])
        } catch let error as DecodingError {
            throw EventError.invalidPayload(session.errors + [FieldError(error, path: path)])
        }
    }

    func child(_ value: JSON, _ key: some CodingKey) -> PayloadDecoder {
        // The client's own keys, of a dictionary, may be as long as its message.
        let name = key.intValue.map { "[\($0)]" } ?? String(key.stringValue.prefix(64))
        return PayloadDecoder(
            value,
            path: FieldPath.join(self.path, name),
            codingPath: self.codingPath + [key],
            session: self.session
        )
    }

    /// Decodes this value; its rules are checked and its unknown fields looked for.
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if type == [UInt8].self || type == [UInt8]?.self, let bytes = self.value.bytesValue, let value = bytes as? Value
        {
            return value
        }
        if type == JSON.self, let value = self.value as? Value { return value }
        guard let payload = type as? any EventPayload.Type else { return try Value(from: self) }
        let isStrict = payload.refusesUnknownFields
        if isStrict { self.session.strictPaths.insert(self.path) }
        let value = try Value(from: self)
        if isStrict { self.refuseUnknownFields() }
        var checks = FieldChecks(path: self.path)
        (value as? any EventPayload)?.validate(&checks)
        self.session.note(checks.errors)
        return value
    }

    private func refuseUnknownFields() {
        self.session.strictPaths.remove(self.path)
        let known = self.session.known.removeValue(forKey: self.path) ?? []
        // No more than a few: the answer need not be as long as the question.
        let unknown = self.value.objectValue?.keys.filter { !known.contains(WireName($0)) }.prefix(8) ?? []
        let errors = unknown.map { field in
            FieldError(
                path: FieldPath.join(self.path, String(field.prefix(64))),
                code: "UNKNOWN",
                message: "there is no such field"
            )
        }
        self.session.note(errors)
    }

    func wrongType(_ wanted: String) -> FieldError {
        FieldError(path: self.path, code: "TYPE", message: "must be \(wanted)")
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let object = self.value.objectValue else { throw self.wrongType("an object") }
        return KeyedDecodingContainer(PayloadKeyedContainer(decoder: self, object: object))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        if let bytes = self.value.bytesValue {
            // Bytes that are asked for one by one.
            return PayloadUnkeyedContainer(decoder: self, elements: bytes.map { .int(Int($0)) })
        }
        guard let elements = self.value.arrayValue else { throw self.wrongType("an array") }
        return PayloadUnkeyedContainer(decoder: self, elements: elements)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        PayloadSingleContainer(decoder: self)
    }
}

extension FieldError {
    /// What a type's own `init(from:)`, or the standard library's, found wrong.
    init(_ error: DecodingError, path: String) {
        let context: DecodingError.Context
        let code: String
        switch error {
        case .keyNotFound(let key, let found):
            self.init(path: Self.path(path, found.codingPath + [key]), code: "REQUIRED", message: "is required")
            return
        case .valueNotFound(_, let found): (code, context) = ("REQUIRED", found)
        case .typeMismatch(_, let found): (code, context) = ("TYPE", found)
        case .dataCorrupted(let found): (code, context) = ("INVALID", found)
        @unknown default:
            self.init(path: path, code: "INVALID", message: "is not valid")
            return
        }
        // The standard library's texts speak of Swift types, which are none of the client's business.
        self.init(path: Self.path(path, context.codingPath), code: code, message: "is not valid")
    }

    private static func path(_ path: String, _ keys: [any CodingKey]) -> String {
        keys.reduce(path) { FieldPath.join($0, $1.intValue.map { "[\($0)]" } ?? $1.stringValue) }
    }
}
