/// A JSON value, or a byte string that travels beside it as a Socket.IO attachment.
///
/// Integers that fit `Int` are kept exactly, all other numbers as `Double`. Equality is by bytes: two strings that only
/// look alike (composed and decomposed accents) differ, and so do objects whose keys stand in another order.
public enum JSON: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number without fraction and exponent that fits.
    case int(Int)
    /// Any other number. Never infinite or NaN when it came from the parser.
    case double(Double)
    /// A string.
    case string(String)
    /// A string with an escape for half a surrogate pair, as UTF-16 code units; JavaScript sends such when it cuts a pair.
    ///
    /// Swift strings cannot hold it. It is no ``stringValue``, so whoever asks for text refuses it, and it is sent on as
    /// it came.
    case illFormedString([UInt16])
    /// An array.
    case array([JSON])
    /// An object.
    case object(JSONObject)
    /// Bytes; an attachment of a Socket.IO packet. Plain JSON has no place for it: `serialize()` writes `null`.
    case binary([UInt8])
}

extension JSON {
    /// Bounds on what the parser takes from a peer.
    public struct Limits: Hashable, Sendable {
        /// How deep arrays and objects may nest.
        ///
        /// The parser recurses, so this bounds its stack; 64 is far above what documents need and far below what a 512
        /// KiB thread stack takes. Values over 256 are taken as 256.
        public var maxDepth: Int
        /// The longest number, in characters.
        ///
        /// No double needs more than about 770 to be exact.
        public var maxNumberLength: Int
        /// How many values in all.
        ///
        /// One byte of input makes up to about twenty bytes of values; this bounds the memory.
        public var maxValues: Int

        /// Makes limits; the defaults are what a server uses on 1 MiB messages.
        public init(maxDepth: Int = 64, maxNumberLength: Int = 1024, maxValues: Int = 262_144) {
            self.maxDepth = maxDepth
            self.maxNumberLength = maxNumberLength
            self.maxValues = maxValues
        }

        /// The defaults.
        public static let `default` = Limits()
    }

    /// The string, if this is one.
    public var stringValue: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The integer, if this is one, or a double without fraction that is exactly an `Int`.
    public var intValue: Int? {
        switch self {
        case .int(let value): value
        case .double(let value): value.exactInt
        case .null, .bool, .string, .illFormedString, .array, .object, .binary: nil
        }
    }

    /// The number, integer or not.
    public var doubleValue: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        case .null, .bool, .string, .illFormedString, .array, .object, .binary: nil
        }
    }

    /// The truth value, if this is one.
    public var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The array, if this is one.
    public var arrayValue: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The object, if this is one.
    public var objectValue: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The bytes, if this is binary.
    public var bytesValue: [UInt8]? {
        if case .binary(let value) = self { value } else { nil }
    }

    /// Whether this is `null`.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The member of an object; nil when this is no object or has no such key.
    ///
    /// - Complexity: O(*n*), *n* the object's keys.
    public subscript(key: String) -> JSON? {
        self.objectValue?[key]
    }

    /// The element of an array; nil when this is no array or is shorter.
    public subscript(index: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// `null`.
    public init(nilLiteral: ()) { self = .null }
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An integer.
    public init(integerLiteral value: Int) { self = .int(value) }
    /// A double.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object; of two equal keys the last wins.
    public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(JSONObject(elements)) }
}

extension JSON: Hashable {
    /// Equality by bytes; see the type's description.
    public static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.double(let left), .double(let right)): left == right
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.illFormedString(let left), .illFormedString(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        case (.binary(let left), .binary(let right)): left == right
        case (.null, _), (.bool, _), (.int, _), (.double, _), (.string, _), (.illFormedString, _), (.array, _),
            (.object, _), (.binary, _):
            false
        }
    }

    /// Hashes the kind and the value.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .int(let value): hasher.combine(value)
        case .double(let value): hasher.combine(value)
        case .string(let value): hasher.combine(value)
        case .illFormedString(let value): hasher.combine(value)
        case .array(let value): hasher.combine(value)
        case .object(let value): hasher.combine(value)
        case .binary(let value): hasher.combine(value)
        }
    }
}

extension Double {
    /// The value as an integer, if it is one that fits.
    ///
    /// `Int(exactly:)` would do, but calls `trunc`: the only symbol for which this module needed libm.
    fileprivate var exactInt: Int? {
        guard self >= -0x1p63, self < 0x1p63 else { return nil }
        let whole = Int(self)
        return Double(whole) == self ? whole : nil
    }
}

extension String {
    /// Byte-wise equality, where `==` would also call canonically equivalent strings equal.
    func hasSameBytes(as other: String) -> Bool {
        guard self.utf8.count == other.utf8.count else { return false }
        // By pointer: `utf8.elementsEqual` decides at each byte what kind of string it has. Decoding an ack took 0.78 µs with
        // it and 0.43 µs so (2 cores, Swift 6.3.1, November 2026).
        let isEqual = self.utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in
                for index in 0..<left.count where left[index] != right[index] { return false }
                return true
            }
        }
        return (isEqual ?? nil) ?? self.utf8.elementsEqual(other.utf8)
    }
}
