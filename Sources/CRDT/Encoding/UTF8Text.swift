/// UTF-8 and UTF-16, strictly: what is ill-formed is refused, never repaired.
enum UTF8Text {
    /// The number of UTF-16 code units of a part of `bytes`; `nil` when it is not well-formed UTF-8.
    static func utf16Count(of bytes: [UInt8], in range: Range<Int>) -> Int? {
        var count = 0
        var position = range.lowerBound
        while position < range.upperBound {
            if bytes[position] < 0x80 {
                position += 1
                count += 1
                continue
            }
            guard let (scalar, length) = scalar(in: bytes, at: position, range.upperBound) else { return nil }
            position += length
            count += scalar > 0xFFFF ? 2 : 1
        }
        return count
    }

    /// Whether `count` bytes from `start` on are all ASCII, so that each is a scalar and a UTF-16 code unit.
    static func isASCII(_ bytes: Span<UInt8>, from start: Int, count: Int) -> Bool {
        var position = start
        let end = start &+ count
        while position &+ 8 <= end {
            if bytes.word(at: position) & 0x8080_8080_8080_8080 != 0 { return false }
            position &+= 8
        }
        let left = UInt64(truncatingIfNeeded: end &- position) &* 8
        return left == 0 || bytes.word(at: position) & 0x8080_8080_8080_8080 & (1 &<< left &- 1) == 0
    }

    /// Whether a well-formed part of `bytes` is one scalar.
    static func isOneScalar(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        guard !range.isEmpty else { return false }
        return range.count == byteCount(ofLead: bytes[range.lowerBound])
    }

    /// How many bytes a scalar has that starts with a byte.
    @inline(__always)
    static func byteCount(ofLead lead: UInt8) -> Int { lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4 }

    /// Appends the UTF-16 code units of a part of `bytes`; false when it is not well-formed UTF-8.
    static func decode(_ bytes: [UInt8], in range: Range<Int>, into units: inout [UInt16]) -> Bool {
        var position = range.lowerBound
        while position < range.upperBound {
            let byte = bytes[position]
            if byte < 0x80 {
                units.append(UInt16(byte))
                position += 1
                continue
            }
            guard let (scalar, length) = scalar(in: bytes, at: position, range.upperBound) else { return false }
            position += length
            if scalar > 0xFFFF {
                units.append(UInt16(truncatingIfNeeded: 0xD7C0 + (scalar >> 10)))
                units.append(UInt16(truncatingIfNeeded: 0xDC00 + (scalar & 0x3FF)))
            } else {
                units.append(UInt16(truncatingIfNeeded: scalar))
            }
        }
        return true
    }

    /// The multi-byte scalar at `position` (Unicode 15, table 3-7: neither overlong forms nor surrogates).
    static func scalar(in bytes: [UInt8], at position: Int, _ end: Int) -> (UInt32, Int)? {
        let first = bytes[position]
        let length: Int
        var scalar: UInt32
        switch first {
        case 0xC2...0xDF: (length, scalar) = (2, UInt32(first & 0x1F))
        case 0xE0...0xEF: (length, scalar) = (3, UInt32(first & 0x0F))
        case 0xF0...0xF4: (length, scalar) = (4, UInt32(first & 0x07))
        default: return nil
        }
        guard position + length <= end else { return nil }
        for index in 1..<length {
            let byte = bytes[position + index]
            guard byte & 0xC0 == 0x80 else { return nil }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        if length == 3 && (scalar < 0x800 || UTF16Unit.isSurrogate(scalar)) { return nil }
        if length == 4 && (scalar < 0x1_0000 || scalar > 0x10_FFFF) { return nil }
        return (scalar, length)
    }

    /// How many bytes of UTF-8 a well-formed part of `units` takes.
    static func utf8Count(of units: [UInt16], in range: Range<Int>) -> Int {
        var count = 0
        for unit in units[range] {
            if unit < 0x80 {
                count += 1
            } else if unit < 0x800 || UTF16Unit.isSurrogate(unit) {
                count += 2  // half of a scalar of four bytes
            } else {
                count += 3
            }
        }
        return count
    }

    /// Appends a well-formed part of `units` as UTF-8.
    static func encode(_ units: [UInt16], in range: Range<Int>, into bytes: inout [UInt8]) {
        var position = range.lowerBound
        while position < range.upperBound {
            let unit = units[position]
            position += 1
            if unit < 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: unit))
            } else if unit < 0x800 {
                bytes.append(UInt8(truncatingIfNeeded: 0xC0 | unit >> 6))
                bytes.append(UInt8(truncatingIfNeeded: 0x80 | unit & 0x3F))
            } else if UTF16Unit.isHigh(unit), position < range.upperBound {
                let low = UInt32(units[position] & 0x3FF)
                position += 1
                let scalar = 0x1_0000 + (UInt32(unit & 0x3FF) << 10 | low)
                bytes.append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
                bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3F))
                bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F))
                bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
            } else {
                bytes.append(UInt8(truncatingIfNeeded: 0xE0 | unit >> 12))
                bytes.append(UInt8(truncatingIfNeeded: 0x80 | unit >> 6 & 0x3F))
                bytes.append(UInt8(truncatingIfNeeded: 0x80 | unit & 0x3F))
            }
        }
    }
}

/// Tells the halves of surrogate pairs apart.
enum UTF16Unit {
    @inline(__always)
    static func isHigh(_ unit: UInt16) -> Bool { unit & 0xFC00 == 0xD800 }

    @inline(__always)
    static func isLow(_ unit: UInt16) -> Bool { unit & 0xFC00 == 0xDC00 }

    /// All units below this one are no surrogates: mostly this one comparison is enough.
    static let firstSurrogate: UInt16 = 0xD800

    @inline(__always)
    static func isSurrogate(_ unit: UInt16) -> Bool { unit & 0xF800 == 0xD800 }

    @inline(__always)
    static func isSurrogate(_ scalar: UInt32) -> Bool { scalar & 0xFFFF_F800 == 0xD800 }

    /// Whether every half of a pair in `units` has its other half.
    static func isWellFormed(_ units: [UInt16]) -> Bool {
        var position = 0
        while position < units.count {
            let unit = units[position]
            position += 1
            if isSurrogate(unit) {
                guard isHigh(unit), position < units.count, isLow(units[position]) else { return false }
                position += 1
            }
        }
        return true
    }
}
