import SocketIOProtocol

/// Appends MessagePack to one growing array.
struct MessagePackWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ value: JSON) {
        switch value {
        case .null: self.bytes.append(0xC0)
        case .bool(let truth): self.bytes.append(truth ? 0xC3 : 0xC2)
        case .int(let number): self.write(number)
        case .double(let number):
            self.bytes.append(0xCB)
            self.append(number.bitPattern, bytes: 8)
        case .string(let text): self.write(text)
        case .illFormedString(let units): self.write(String(decoding: units, as: UTF16.self))
        case .binary(let data):
            self.header(count: data.count, small: nil, types: (0xC4, 0xC5, 0xC6))
            self.bytes.append(contentsOf: data)
        case .array(let elements):
            self.header(count: elements.count, small: (0x90, 15), types: (nil, 0xDC, 0xDD))
            for element in elements { self.write(element) }
        case .object(let object):
            self.header(count: object.count, small: (0x80, 15), types: (nil, 0xDE, 0xDF))
            for member in object.members {
                self.write(member.key)
                self.write(member.value)
            }
        }
    }

    private mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            self.header(count: utf8.count, small: (0xA0, 31), types: (0xD9, 0xDA, 0xDB))
            self.bytes.append(contentsOf: utf8)
        }
    }

    private mutating func write(_ number: Int) {
        switch number {
        case 0...0x7F: self.bytes.append(UInt8(number))
        case -32..<0: self.bytes.append(UInt8(bitPattern: Int8(number)))
        case 0x80...0xFF: self.integer(0xCC, number, bytes: 1)
        case 0x100...0xFFFF: self.integer(0xCD, number, bytes: 2)
        case 0x1_0000...0xFFFF_FFFF: self.integer(0xCE, number, bytes: 4)
        case 0x1_0000_0000...: self.integer(0xCF, number, bytes: 8)
        case -0x80 ..< -32: self.integer(0xD0, number, bytes: 1)
        case -0x8000 ..< -0x80: self.integer(0xD1, number, bytes: 2)
        case -0x8000_0000 ..< -0x8000: self.integer(0xD2, number, bytes: 4)
        case _: self.integer(0xD3, number, bytes: 8)
        }
    }

    private mutating func integer(_ type: UInt8, _ number: Int, bytes count: Int) {
        self.bytes.append(type)
        self.append(UInt64(bitPattern: Int64(number)), bytes: count)
    }

    /// The shortest header for a count: in the type itself up to a bound, else in one, two or four bytes.
    private mutating func header(
        count: Int,
        small: (base: UInt8, largest: Int)?,
        types: (one: UInt8?, two: UInt8, four: UInt8)
    ) {
        if let small, count <= small.largest {
            self.bytes.append(small.base | UInt8(count))
        } else if let type = types.one, count <= 0xFF {
            self.integer(type, count, bytes: 1)
        } else if count <= 0xFFFF {
            self.integer(types.two, count, bytes: 2)
        } else {
            self.integer(types.four, count, bytes: 4)
        }
    }

    private mutating func append(_ number: UInt64, bytes count: Int) {
        for index in (0..<count).reversed() {
            self.bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * index)))
        }
    }
}
