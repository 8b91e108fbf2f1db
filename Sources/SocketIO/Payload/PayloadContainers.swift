import SocketIOProtocol

/// The fields of an object.
struct PayloadKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: PayloadDecoder
    let object: JSONObject

    var codingPath: [any CodingKey] { self.decoder.codingPath }
    var allKeys: [Key] {
        let keys = self.object.keys
        // Whoever asks for all knows all.
        for key in keys { self.note(key) }
        return keys.compactMap { Key(stringValue: $0) }
    }

    func contains(_ key: Key) -> Bool {
        self.note(key.stringValue)
        return self.object[key.stringValue] != nil
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        try self.field(key).value.isNull
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try self.field(key).decode(type)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try self.field(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try self.field(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { self.decoder }

    func superDecoder(forKey key: Key) throws -> any Decoder { try self.field(key) }

    private func field(_ key: Key) throws -> PayloadDecoder {
        self.note(key.stringValue)
        guard let value = self.object[key.stringValue] else {
            throw FieldError(
                path: FieldPath.join(self.decoder.path, key.stringValue),
                code: "REQUIRED",
                message: "is required"
            )
        }
        return self.decoder.child(value, key)
    }

    private func note(_ field: String) {
        let session = self.decoder.session
        guard session.strictPaths.contains(self.decoder.path) else { return }
        session.known[self.decoder.path, default: []].insert(WireName(field))
    }
}

/// The elements of an array.
struct PayloadUnkeyedContainer: UnkeyedDecodingContainer {
    let decoder: PayloadDecoder
    let elements: [JSON]

    var codingPath: [any CodingKey] { self.decoder.codingPath }
    var count: Int? { self.elements.count }
    var isAtEnd: Bool { self.currentIndex >= self.elements.count }
    private(set) var currentIndex = 0

    init(decoder: PayloadDecoder, elements: [JSON]) {
        self.decoder = decoder
        self.elements = elements
    }

    mutating func decodeNil() throws -> Bool {
        guard !self.isAtEnd, self.elements[self.currentIndex].isNull else { return false }
        self.currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try self.next().decode(type)
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try self.next().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try self.next().unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder { try self.next() }

    private mutating func next() throws -> PayloadDecoder {
        let key = PayloadIndex(self.currentIndex)
        guard !self.isAtEnd else {
            throw FieldError(
                path: FieldPath.join(self.decoder.path, "[\(self.currentIndex)]"),
                code: "REQUIRED",
                message: "is required"
            )
        }
        self.currentIndex += 1
        return self.decoder.child(self.elements[key.index], key)
    }
}

/// The place of an element.
struct PayloadIndex: CodingKey {
    let index: Int

    init(_ index: Int) { self.index = index }
    init?(intValue: Int) { self.init(intValue) }
    init?(stringValue: String) { nil }

    var intValue: Int? { self.index }
    var stringValue: String { String(self.index) }
}

/// A string, a number, a truth value, or nothing.
struct PayloadSingleContainer: SingleValueDecodingContainer {
    let decoder: PayloadDecoder

    var codingPath: [any CodingKey] { self.decoder.codingPath }

    func decodeNil() -> Bool { self.decoder.value.isNull }

    func decode(_ type: Bool.Type) throws -> Bool {
        guard let value = self.decoder.value.boolValue else { throw self.decoder.wrongType("true or false") }
        return value
    }

    func decode(_ type: String.Type) throws -> String {
        guard let value = self.decoder.value.stringValue else { throw self.decoder.wrongType("a string") }
        return value
    }

    func decode(_ type: Double.Type) throws -> Double {
        guard let value = self.decoder.value.doubleValue else { throw self.decoder.wrongType("a number") }
        return value
    }

    func decode(_ type: Float.Type) throws -> Float { Float(try self.decode(Double.self)) }

    func decode(_ type: Int.Type) throws -> Int { try self.integer() }
    func decode(_ type: Int8.Type) throws -> Int8 { try self.integer() }
    func decode(_ type: Int16.Type) throws -> Int16 { try self.integer() }
    func decode(_ type: Int32.Type) throws -> Int32 { try self.integer() }
    func decode(_ type: Int64.Type) throws -> Int64 { try self.integer() }
    func decode(_ type: UInt.Type) throws -> UInt { try self.integer() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try self.integer() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try self.integer() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try self.integer() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try self.integer() }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try self.decoder.decode(type) }

    private func integer<Value: FixedWidthInteger>() throws -> Value {
        guard let number = self.decoder.value.intValue else { throw self.decoder.wrongType("an integer") }
        guard let value = Value(exactly: number) else {
            throw FieldError(
                path: self.decoder.path,
                code: "RANGE",
                message: "from \(Value.min) to \(Value.max)"
            )
        }
        return value
    }
}
