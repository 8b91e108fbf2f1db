extension JSON {
    /// The value as UTF-8 JSON without white space.
    ///
    /// `.binary` and non-finite numbers become `null`.
    ///
    /// - Complexity: O(*n*). Recurses as deep as the value is nested.
    public func serialize() -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: self.measure().byteCount)
        writer.write(self)
        return writer.bytes
    }
}

/// Appends JSON to one growing array.
struct JSONWriter {
    var bytes: [UInt8] = []
    /// What became of `.binary` leaves, in order, when they are taken out.
    private(set) var attachments: [[UInt8]] = []
    private let takesBinaryOut: Bool

    /// - Parameters:
    ///   - capacity: Room to make beforehand.
    ///   - takesBinaryOut: Whether binary leaves become Socket.IO placeholders and collect in `attachments`.
    init(reservingCapacity capacity: Int, takesBinaryOut: Bool = false) {
        self.bytes.reserveCapacity(capacity)
        self.takesBinaryOut = takesBinaryOut
    }

    mutating func write(_ value: JSON) {
        switch value {
        case .null: self.write(word: "null")
        case .bool(let value): self.write(word: value ? "true" : "false")
        case .int(let value): self.write(value)
        case .double(let value): self.write(value)
        case .string(let value): self.write(string: value)
        case .illFormedString(let units): self.write(units: units)
        case .array(let elements): self.write(elements)
        case .object(let object): self.write(object)
        case .binary(let bytes): self.write(binary: bytes)
        }
    }

    mutating func write(_ elements: [JSON]) {
        self.bytes.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { self.bytes.append(UInt8(ascii: ",")) }
            self.write(element)
        }
        self.bytes.append(UInt8(ascii: "]"))
    }

    mutating func write(_ object: JSONObject) {
        self.bytes.append(UInt8(ascii: "{"))
        for (index, member) in object.members.enumerated() {
            if index > 0 { self.bytes.append(UInt8(ascii: ",")) }
            self.write(string: member.key)
            self.bytes.append(UInt8(ascii: ":"))
            self.write(member.value)
        }
        self.bytes.append(UInt8(ascii: "}"))
    }

    private mutating func write(binary bytes: [UInt8]) {
        guard self.takesBinaryOut else { return self.write(word: "null") }
        self.write(word: "{\"_placeholder\":true,\"num\":")
        self.write(self.attachments.count)
        self.bytes.append(UInt8(ascii: "}"))
        self.attachments.append(bytes)
    }

    private mutating func write(word: StaticString) {
        self.bytes.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    mutating func write(_ value: Int) {
        if value < 0 { self.bytes.append(UInt8(ascii: "-")) }
        self.write(UInt64(value.magnitude))
    }

    mutating func write(_ value: UInt64) {
        var rest = value
        let start = self.bytes.count
        repeat {
            self.bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        self.bytes[start...].reverse()
    }

    private mutating func write(_ value: Double) {
        guard value.isFinite else { return self.write(word: "null") }
        // Swift prints the shortest decimal that reads back as the same double, in a form that is JSON (`1e-07`).
        self.bytes.append(contentsOf: value.description.utf8)
    }

    mutating func write(string: String) {
        self.bytes.append(UInt8(ascii: "\""))
        var string = string
        string.withUTF8 { utf8 in
            var start = 0
            for place in 0..<utf8.count {
                let byte = utf8[place]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                self.bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<place]))
                self.writeEscape(of: byte)
                start = place + 1
            }
            self.bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...]))
        }
        self.bytes.append(UInt8(ascii: "\""))
    }

    /// Writes every unit as an escape, which is rare enough not to deserve better.
    private mutating func write(units: [UInt16]) {
        self.bytes.append(UInt8(ascii: "\""))
        for unit in units {
            self.write(word: "\\u")
            for shift in stride(from: UInt16(12), through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: unit >> shift & 15)
                self.bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
        self.bytes.append(UInt8(ascii: "\""))
    }

    private mutating func writeEscape(of byte: UInt8) {
        self.bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: self.bytes.append(UInt8(ascii: "b"))
        case 0x09: self.bytes.append(UInt8(ascii: "t"))
        case 0x0A: self.bytes.append(UInt8(ascii: "n"))
        case 0x0C: self.bytes.append(UInt8(ascii: "f"))
        case 0x0D: self.bytes.append(UInt8(ascii: "r"))
        case 0..<0x20:
            self.write(word: "u00")
            self.bytes.append(UInt8(ascii: "0") + (byte >> 4))
            let low = byte & 15
            self.bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
        case _:
            self.bytes.append(byte)
        }
    }
}

/// What a value will take when written: how many attachments, and roughly how many bytes.
struct JSONMeasure {
    var attachmentCount = 0
    /// Exact but for escapes, which add some.
    var byteCount = 0
}

extension JSON {
    func measure() -> JSONMeasure {
        var measure = JSONMeasure()
        self.add(to: &measure)
        return measure
    }

    func add(to measure: inout JSONMeasure) {
        switch self {
        case .null, .bool:
            measure.byteCount += 6
        case .int, .double:
            measure.byteCount += 12
        case .string(let value):
            measure.byteCount += value.utf8.count + 3
        case .illFormedString(let units):
            measure.byteCount += units.count * 6 + 3
        case .array(let elements):
            measure.byteCount += 3
            for element in elements { element.add(to: &measure) }
        case .object(let object):
            measure.byteCount += 3
            for member in object.members {
                measure.byteCount += member.key.utf8.count + 4
                member.value.add(to: &measure)
            }
        case .binary:
            measure.attachmentCount += 1
            measure.byteCount += 34
        }
    }
}
