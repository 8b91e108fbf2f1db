public import SocketIOProtocol

/// JSON as a field of a payload: any value at all.
extension JSON: Codable {
    /// Takes the value as it is.
    public init(from decoder: any Decoder) throws {
        guard let decoder = decoder as? PayloadDecoder else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "only payloads of events hold JSON values")
            )
        }
        self = decoder.value
    }

    /// Writes the value as it is; for other encoders than payloads', binary leaves are arrays of numbers.
    public func encode(to encoder: any Encoder) throws {
        if let encoder = encoder as? PayloadEncoder {
            encoder.content = .value(self)
            return
        }
        switch self {
        case .array(let elements):
            var container = encoder.unkeyedContainer()
            for element in elements { try container.encode(element) }
        case .object(let object):
            var container = encoder.container(keyedBy: JSONKey.self)
            for member in object.members { try container.encode(member.value, forKey: JSONKey(member.key)) }
        case .null, .bool, .int, .double, .string, .illFormedString, .binary:
            try self.encodeLeaf(to: encoder)
        }
    }

    private func encodeLeaf(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .bool(let value): try container.encode(value)
        case .int(let value): try container.encode(value)
        case .double(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .illFormedString(let units): try container.encode(String(decoding: units, as: UTF16.self))
        case .binary(let bytes): try container.encode(bytes)
        case .null, .array, .object: try container.encodeNil()
        }
    }
}

/// A key of any object.
private struct JSONKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { self.stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}
