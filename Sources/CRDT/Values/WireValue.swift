/// A value as it is written in a change: containers by reference, strings as ranges of bytes.
enum WireValue: Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(Range<Int>)
    case bytes(Range<Int>)
    /// A container that the element creates.
    case new(ContainerKind)
    /// Map sets: the key holds nothing any more.
    case unset
    /// Map sets: a container that was created at this key earlier.
    case existing(Operation.Reference)
    /// Restored items: the container that the item always had.
    case kept

    static let tagNull: UInt8 = 0
    static let tagFalse: UInt8 = 1
    static let tagTrue: UInt8 = 2
    static let tagInteger: UInt8 = 3
    static let tagDouble: UInt8 = 4
    static let tagString: UInt8 = 5
    static let tagBytes: UInt8 = 6
    static let tagNew: UInt8 = 7
    static let tagUnset: UInt8 = 10
    static let tagExisting: UInt8 = 11
    static let tagKept: UInt8 = 12

    /// Integers from here on are written as eight bytes: not all of them are numbers of their own.
    static let integerBound = 9_007_199_254_740_992.0

    /// The number as an integer when that is how it is written.
    static func integer(_ number: Double) -> Int64? {
        guard number > -integerBound, number < integerBound else { return nil }
        let integer = Int64(number)
        // The zero with a sign is no integer.
        return Double(integer).bitPattern == number.bitPattern ? integer : nil
    }
}

extension ByteReader {
    /// Reads a value without those parts that name elements, for which `reference` is called.
    mutating func value(
        reference: (inout ByteReader) throws(FormatError) -> Operation.Reference
    ) throws(FormatError) -> WireValue {
        switch try byte() {
        case WireValue.tagNull: return .null
        case WireValue.tagFalse: return .bool(false)
        case WireValue.tagTrue: return .bool(true)
        case WireValue.tagInteger:
            let number = Double(ByteReader.unzigzag(try varint()))
            guard WireValue.integer(number) != nil else { throw .invalid }
            return .number(number)
        case WireValue.tagDouble:
            var bits = UInt64(try littleEndian())
            bits |= UInt64(try littleEndian()) << 32
            let number = Double(bitPattern: bits)
            guard number.isFinite, WireValue.integer(number) == nil else { throw .invalid }
            return .number(number)
        case WireValue.tagString:
            let range = try prefixedRange()
            guard UTF8Text.utf16Count(of: bytes, in: range) != nil else { throw .illFormedUTF8 }
            return .string(range)
        case WireValue.tagBytes: return .bytes(try prefixedRange())
        case WireValue.tagNew: return .new(.text)
        case WireValue.tagNew + 1: return .new(.list)
        case WireValue.tagNew + 2: return .new(.map)
        case WireValue.tagUnset: return .unset
        case WireValue.tagExisting: return .existing(try reference(&self))
        case WireValue.tagKept: return .kept
        default: throw .invalid
        }
    }
}

extension [UInt8] {
    /// Appends a value that names no element.
    mutating func appendValue(_ value: StoredValue) {
        switch value {
        case .null: append(WireValue.tagNull)
        case .bool(let bool): append(bool ? WireValue.tagTrue : WireValue.tagFalse)
        case .number(let number): appendNumber(number)
        case .string(let utf8):
            append(WireValue.tagString)
            appendPrefixed(utf8)
        case .bytes(let bytes):
            append(WireValue.tagBytes)
            appendPrefixed(bytes)
        case .container, .move, .dropped: append(WireValue.tagKept)
        }
    }

    mutating func appendNewContainer(_ kind: ContainerKind) {
        append(WireValue.tagNew + kind.rawValue)
    }

    private mutating func appendNumber(_ number: Double) {
        if let integer = WireValue.integer(number) {
            append(WireValue.tagInteger)
            appendZigzag(integer)
            return
        }
        append(WireValue.tagDouble)
        let bits = number.bitPattern
        appendLittleEndian(UInt32(truncatingIfNeeded: bits))
        appendLittleEndian(UInt32(truncatingIfNeeded: bits >> 32))
    }
}
