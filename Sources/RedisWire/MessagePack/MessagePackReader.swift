import SocketIOProtocol

/// A recursive descent over MessagePack, as deep as `limits.maxDepth`.
struct MessagePackReader {
    private let bytes: [UInt8]
    private let maxDepth: Int
    private var valuesLeft: Int
    private var position = 0

    init(bytes: [UInt8], limits: JSON.Limits) {
        self.bytes = bytes
        // As the JSON parser: that is what a thread's stack bears.
        self.maxDepth = min(limits.maxDepth, 256)
        self.valuesLeft = limits.maxValues
    }

    var isAtEnd: Bool { self.position == self.bytes.count }

    mutating func value(depth: Int) throws(MessagePackError) -> JSON {
        guard self.valuesLeft > 0 else { throw .tooManyValues }
        self.valuesLeft -= 1
        let type = try self.byte()
        switch type {
        case 0x00...0x7F: return .int(Int(type))
        case 0x80...0x8F: return try self.map(count: Int(type & 0x0F), depth: depth)
        case 0x90...0x9F: return try self.array(count: Int(type & 0x0F), depth: depth)
        case 0xA0...0xBF: return .string(try self.text(count: Int(type & 0x1F)))
        case 0xC0: return .null
        case 0xC1: throw .unknownType
        case 0xC2: return .bool(false)
        case 0xC3: return .bool(true)
        case 0xC4...0xC6: return .binary(try self.take(try self.length(bytes: 1 << (type - 0xC4))))
        case 0xC7...0xC9: return try self.extended(count: try self.length(bytes: 1 << (type - 0xC7)))
        case 0xCA: return .double(Double(Float(bitPattern: UInt32(truncatingIfNeeded: try self.integer(bytes: 4)))))
        case 0xCB: return .double(Double(bitPattern: try self.integer(bytes: 8)))
        case 0xCC...0xCF:
            let number = try self.integer(bytes: 1 << (type - 0xCC))
            return Int(exactly: number).map { .int($0) } ?? .double(Double(number))
        case 0xD0...0xD3:
            let byteCount = 1 << (type - 0xD0)
            let unused = 64 - 8 * byteCount
            let number = Int64(bitPattern: try self.integer(bytes: byteCount) << UInt64(unused)) >> Int64(unused)
            return .int(Int(number))
        case 0xD4...0xD8: return try self.extended(count: 1 << (type - 0xD4))
        case 0xD9...0xDB: return .string(try self.text(count: try self.length(bytes: 1 << (type - 0xD9))))
        case 0xDC...0xDD: return try self.array(count: try self.length(bytes: 2 << (type - 0xDC)), depth: depth)
        case 0xDE...0xDF: return try self.map(count: try self.length(bytes: 2 << (type - 0xDE)), depth: depth)
        case _: return .int(Int(Int8(bitPattern: type)))
        }
    }

    // MARK: Containers

    private mutating func array(count: Int, depth: Int) throws(MessagePackError) -> JSON {
        guard depth < self.maxDepth else { throw .tooDeep }
        guard count <= self.valuesLeft else { throw .tooManyValues }
        var elements: [JSON] = []
        // Each takes a byte at least: what is announced beyond what came is not made room for.
        elements.reserveCapacity(min(count, self.bytes.count - self.position))
        for _ in 0..<count { elements.append(try self.value(depth: depth + 1)) }
        return .array(elements)
    }

    private mutating func map(count: Int, depth: Int) throws(MessagePackError) -> JSON {
        guard depth < self.maxDepth else { throw .tooDeep }
        guard count <= self.valuesLeft / 2 else { throw .tooManyValues }
        var members: [(String, JSON)] = []
        members.reserveCapacity(min(count, (self.bytes.count - self.position) / 2))
        for _ in 0..<count {
            let key = try self.key()
            members.append((key, try self.value(depth: depth + 1)))
        }
        return .object(JSONObject(members))
    }

    private mutating func key() throws(MessagePackError) -> String {
        // No container may be one, so there is nothing to descend into.
        guard self.position < self.bytes.count else { throw .unexpectedEnd }
        switch self.bytes[self.position] {
        case 0x80...0x9F, 0xDC...0xDF: throw .unusableKey
        case _: break
        }
        switch try self.value(depth: 0) {
        case .string(let text): return text
        case .int(let number): return String(number)
        case .double(let number): return String(number)
        case .bool(let truth): return truth ? "true" : "false"
        case .null: return "null"
        case .illFormedString, .array, .object, .binary: throw .unusableKey
        }
    }

    // MARK: Extensions

    private mutating func extended(count: Int) throws(MessagePackError) -> JSON {
        let type = Int8(bitPattern: try self.byte())
        let payload = try self.take(count)
        switch (type, count) {
        case (0, 1) where payload[0] == 0:
            // notepack's `undefined`.
            return .null
        case (-1, 4):
            return ISOTimestamp.value(seconds: Int64(Self.number(payload)), nanoseconds: 0)
        case (-1, 8):
            let packed = Self.number(payload)
            return ISOTimestamp.value(seconds: Int64(packed & 0x3_FFFF_FFFF), nanoseconds: Int64(packed >> 34))
        case (-1, 12):
            let seconds = Int64(bitPattern: Self.number(payload[4...]))
            return ISOTimestamp.value(seconds: seconds, nanoseconds: Int64(Self.number(payload[..<4])))
        case _:
            return .array([.int(Int(type)), .binary(payload)])
        }
    }

    private static func number(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    // MARK: Bytes

    private mutating func byte() throws(MessagePackError) -> UInt8 {
        guard self.position < self.bytes.count else { throw .unexpectedEnd }
        defer { self.position += 1 }
        return self.bytes[self.position]
    }

    private mutating func integer(bytes count: Int) throws(MessagePackError) -> UInt64 {
        guard self.bytes.count - self.position >= count else { throw .unexpectedEnd }
        defer { self.position += count }
        return Self.number(self.bytes[self.position..<(self.position + count)])
    }

    private mutating func length(bytes count: Int) throws(MessagePackError) -> Int {
        // Four bytes at most.
        Int(try self.integer(bytes: count))
    }

    private mutating func take(_ count: Int) throws(MessagePackError) -> [UInt8] {
        guard self.bytes.count - self.position >= count else { throw .unexpectedEnd }
        defer { self.position += count }
        return Array(self.bytes[self.position..<(self.position + count)])
    }

    private mutating func text(count: Int) throws(MessagePackError) -> String {
        guard self.bytes.count - self.position >= count else { throw .unexpectedEnd }
        defer { self.position += count }
        let slice = self.bytes[self.position..<(self.position + count)]
        guard let text = String(validating: slice, as: UTF8.self) else { throw .illFormedUTF8 }
        return text
    }
}

/// Times as JavaScript's `Date` writes them.
enum ISOTimestamp {
    /// `2026-11-24T02:00:00.000Z`; null, as in JSON, for what no `Date` can hold.
    static func value(seconds: Int64, nanoseconds: Int64) -> JSON {
        // 8.64e15 ms, the range of `Date`.
        guard abs(seconds.clamped) <= 8_640_000_000_000, (0..<1_000_000_000).contains(nanoseconds) else { return .null }
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let second = seconds - days * 86_400
        // Days to a date of the Gregorian calendar, by eras of 400 years that begin in March.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let shownYear =
            (0...9999).contains(year)
            ? Self.padded(year, 4) : (year < 0 ? "-" : "+") + Self.padded(abs(year), 6)
        let time = [second / 3600, second / 60 % 60, second % 60].map { Self.padded($0, 2) }.joined(separator: ":")
        let milliseconds = Self.padded(nanoseconds / 1_000_000, 3)
        return "\(shownYear)-\(Self.padded(month, 2))-\(Self.padded(day, 2))T\(time).\(milliseconds)Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Int64 {
    /// The number, of which a magnitude can be had.
    fileprivate var clamped: Int64 { Swift.max(self, -Int64.max) }
}
