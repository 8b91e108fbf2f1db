public import SocketIOProtocol

extension JSON {
    /// A value of the application as JSON; bytes (`[UInt8]`) become attachments.
    ///
    /// - Throws: what the value's own `encode(to:)` throws.
    public init(encoding value: some Encodable) throws {
        self = try PayloadEncoder.encode(value, codingPath: [])
    }

    /// A value of the application from JSON.
    ///
    /// - Throws: ``EventError``, code `INVALID_PAYLOAD`, with what is wrong with which field.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try PayloadDecoder.decode(type, from: self, argument: 0)
    }
}

/// Values to JSON.
///
/// A class, as containers write into it after they were handed out.
final class PayloadEncoder: Encoder {
    enum Content {
        case none
        case value(JSON)
        case object([(String, PayloadEncoder)])
        case array([PayloadEncoder])
    }

    let codingPath: [any CodingKey]
    var content = Content.none
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(codingPath: [any CodingKey]) {
        self.codingPath = codingPath
    }

    static func encode(_ value: some Encodable, codingPath: [any CodingKey]) throws -> JSON {
        let encoder = PayloadEncoder(codingPath: codingPath)
        try encoder.write(value)
        return encoder.json
    }

    /// What was written; nothing is `{}`, as for a type without fields.
    var json: JSON {
        switch self.content {
        case .none: [:]
        case .value(let value): value
        case .object(let members): .object(JSONObject(members.map { ($0.0, $0.1.json) }))
        case .array(let elements): .array(elements.map(\.json))
        }
    }

    func write(_ value: some Encodable) throws {
        switch value {
        case let json as JSON: self.content = .value(json)
        // By its type too: an empty array of anything can be cast to bytes.
        case let bytes as [UInt8] where type(of: value) == [UInt8].self: self.content = .value(.binary(bytes))
        default: try value.encode(to: self)
        }
    }

    func add(_ key: some CodingKey) -> PayloadEncoder {
        let child = PayloadEncoder(codingPath: self.codingPath + [key])
        if case .object(var members) = self.content {
            self.content = .none
            members.append((key.stringValue, child))
            self.content = .object(members)
        } else {
            self.content = .object([(key.stringValue, child)])
        }
        return child
    }

    func addElement() -> PayloadEncoder {
        if case .array(var elements) = self.content {
            self.content = .none
            let child = PayloadEncoder(codingPath: self.codingPath + [PayloadIndex(elements.count)])
            elements.append(child)
            self.content = .array(elements)
            return child
        }
        let child = PayloadEncoder(codingPath: self.codingPath + [PayloadIndex(0)])
        self.content = .array([child])
        return child
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .none = self.content { self.content = .object([]) }
        return KeyedEncodingContainer(PayloadKeyedWriter(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .none = self.content { self.content = .array([]) }
        return PayloadUnkeyedWriter(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { PayloadSingleWriter(encoder: self) }
}

private struct PayloadKeyedWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: PayloadEncoder
    var codingPath: [any CodingKey] { self.encoder.codingPath }

    func encodeNil(forKey key: Key) { self.encoder.add(key).content = .value(.null) }
    func encode(_ value: some Encodable, forKey key: Key) throws { try self.encoder.add(key).write(value) }
    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        self.encoder.add(key).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        self.encoder.add(key).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { self.encoder }
    func superEncoder(forKey key: Key) -> any Encoder { self.encoder.add(key) }
}

private struct PayloadUnkeyedWriter: UnkeyedEncodingContainer {
    let encoder: PayloadEncoder
    var codingPath: [any CodingKey] { self.encoder.codingPath }
    var count: Int { if case .array(let elements) = self.encoder.content { elements.count } else { 0 } }

    func encodeNil() { self.encoder.addElement().content = .value(.null) }
    func encode(_ value: some Encodable) throws { try self.encoder.addElement().write(value) }
    func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
        self.encoder.addElement().container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { self.encoder.addElement().unkeyedContainer() }
    func superEncoder() -> any Encoder { self.encoder.addElement() }
}

private struct PayloadSingleWriter: SingleValueEncodingContainer {
    let encoder: PayloadEncoder
    var codingPath: [any CodingKey] { self.encoder.codingPath }

    func encodeNil() { self.encoder.content = .value(.null) }
    func encode(_ value: Bool) { self.encoder.content = .value(.bool(value)) }
    func encode(_ value: String) { self.encoder.content = .value(.string(value)) }
    func encode(_ value: Double) { self.encoder.content = .value(.double(value)) }
    func encode(_ value: Float) { self.encoder.content = .value(.double(Double(value))) }
    func encode(_ value: Int) { self.write(value) }
    func encode(_ value: Int8) { self.write(value) }
    func encode(_ value: Int16) { self.write(value) }
    func encode(_ value: Int32) { self.write(value) }
    func encode(_ value: Int64) { self.write(value) }
    func encode(_ value: UInt) { self.write(value) }
    func encode(_ value: UInt8) { self.write(value) }
    func encode(_ value: UInt16) { self.write(value) }
    func encode(_ value: UInt32) { self.write(value) }
    func encode(_ value: UInt64) { self.write(value) }
    func encode(_ value: some Encodable) throws { try self.encoder.write(value) }

    private func write(_ value: some FixedWidthInteger) {
        self.encoder.content = .value(Int(exactly: value).map { .int($0) } ?? .double(Double(value)))
    }
}
