// Text between UTF-16 in a row of units and UTF-8, four or eight characters at a time where they are ASCII.

extension Slab where Element == UInt16 {
    /// Four units from `index` on, the first in the lowest bits.
    @inline(__always)
    func word(at index: Int) -> UInt64 {
        precondition(index >= 0 && index + 4 <= count, "A word out of its row.")
        return unsafe UInt64(littleEndian: UnsafeRawPointer(address(of: index)).loadUnaligned(as: UInt64.self))
    }

    /// The same where the caller has seen that there are as many.
    @inline(__always)
    func word(unchecked index: Int) -> UInt64 {
        assert(index >= 0 && index + 4 <= count, "A word out of its row.")
        return unsafe UInt64(littleEndian: UnsafeRawPointer(address(of: index)).loadUnaligned(as: UInt64.self))
    }

    @inline(__always)
    mutating func store(_ word: UInt64, at index: Int) {
        precondition(index >= 0 && index + 4 <= count, "A word out of its row.")
        unsafe UnsafeMutableRawPointer(mutableAddress(of: index)).storeBytes(of: word.littleEndian, as: UInt64.self)
    }

    /// Overwrites `count` units from `index` on with text that may be hostile, read from `position` on and not past `end`.
    ///
    /// `hasPairs` is set when there is a surrogate pair among them.
    ///
    /// - Throws: when the text ends too early, is ill-formed, or would be cut within a pair. Some units are written then.
    mutating func write(
        utf8 bytes: [UInt8],
        from position: inout Int,
        to end: Int,
        count length: Int,
        at index: Int,
        hasPairs: inout Bool
    ) throws(FormatError) {
        precondition(index >= 0 && length >= 0 && index + length <= count && position >= 0 && end <= bytes.count)
        let span = bytes.span
        var target = index
        let last = index + length
        while target < last {
            let left = min(last - target, end - position)
            if left >= 4 {
                let word = span.word(at: position)
                if left >= 8, word & 0x8080_8080_8080_8080 == 0 {
                    store(Self.spread(word & 0xFFFF_FFFF), at: target)
                    store(Self.spread(word >> 32), at: target + 4)
                    target += 8
                    position += 8
                    continue
                }
                if word & 0x8080_8080 == 0 {
                    store(Self.spread(word & 0xFFFF_FFFF), at: target)
                    target += 4
                    position += 4
                    continue
                }
            }
            guard left > 0 else { throw .invalid }
            let byte = span[position]
            if byte < 0x80 {
                self[target] = UInt16(byte)
                target += 1
                position += 1
                continue
            }
            guard let (scalar, byteCount) = UTF8Text.scalar(in: bytes, at: position, end) else { throw .illFormedUTF8 }
            position += byteCount
            if scalar > 0xFFFF {
                guard target + 1 < last else { throw .illFormedUTF16 }
                hasPairs = true
                self[target] = UInt16(truncatingIfNeeded: 0xD7C0 + (scalar >> 10))
                self[target + 1] = UInt16(truncatingIfNeeded: 0xDC00 + (scalar & 0x3FF))
                target += 2
            } else {
                self[target] = UInt16(truncatingIfNeeded: scalar)
                target += 1
            }
        }
    }

    /// Overwrites the units from `index` on with bytes that are all ASCII.
    ///
    /// Those after them, up to `limit`, may become zeros: nobody has them yet.
    mutating func write(ascii bytes: Span<UInt8>, _ range: Range<Int>, at index: Int, limit: Int) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count && index >= 0 && limit <= count)
        precondition(index + range.count <= limit, "A write out of bounds.")
        var position = range.lowerBound
        var target = unsafe UnsafeMutableRawPointer(mutableAddress(of: index))
        while position &+ 8 <= range.upperBound {
            let word = bytes.word(at: position)
            unsafe target.storeBytes(of: Self.spread(word & 0xFFFF_FFFF).littleEndian, as: UInt64.self)
            unsafe (target + 8).storeBytes(of: Self.spread(word &>> 32).littleEndian, as: UInt64.self)
            unsafe target += 16
            position &+= 8
        }
        let left = range.upperBound &- position
        let place = index &+ (position &- range.lowerBound)
        if place &+ 8 <= limit {
            if left == 0 { return }
            let word = bytes.word(at: position) & (1 &<< UInt64(truncatingIfNeeded: left &* 8) &- 1)
            unsafe target.storeBytes(of: Self.spread(word & 0xFFFF_FFFF).littleEndian, as: UInt64.self)
            if left > 4 { unsafe (target + 8).storeBytes(of: Self.spread(word &>> 32).littleEndian, as: UInt64.self) }
        } else {
            for offset in 0..<left { self[place &+ offset] = UInt16(bytes[position &+ offset]) }
        }
    }

    /// Four bytes as four units.
    @inline(__always)
    private static func spread(_ bytes: UInt64) -> UInt64 {
        let halves = (bytes | bytes << 16) & 0x0000_FFFF_0000_FFFF
        return (halves | halves << 8) & 0x00FF_00FF_00FF_00FF
    }
}

extension ByteRow {
    /// Appends an unsigned LEB128 number.
    @inline(__always)
    mutating func appendVarint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            append(word: value & 0x7F | 0x80, byteCount: 1)
            value >>= 7
        }
        append(word: value, byteCount: 1)
    }

    /// Appends a number that may be negative; small magnitudes stay small.
    @inline(__always)
    mutating func appendZigzag(_ value: Int64) {
        appendVarint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    /// Four units of ASCII as bytes, in the lower half.
    @inline(__always)
    private static func narrow(_ units: UInt64) -> UInt64 {
        let halves = (units | units &>> 8) & 0x0000_FFFF_0000_FFFF
        return (halves | halves &>> 16) & 0xFFFF_FFFF
    }

    /// Appends units of ASCII, a byte each; false when some are none, and nothing is appended then.
    mutating func append(asciiOf text: borrowing Slab<UInt16>, _ range: Range<Int>) -> Bool {
        precondition(range.lowerBound >= 0 && range.upperBound <= text.count, "Units out of their row.")
        reserve(range.count)
        var position = count
        var index = range.lowerBound
        // Whole words may be read up to here; what comes after the range is none of it.
        let end = text.count &- 8
        while index < range.upperBound {
            let left = range.upperBound &- index
            guard index <= end else { return appendSlowly(asciiOf: text, range) }
            var (low, high) = (text.word(unchecked: index), text.word(unchecked: index &+ 4))
            if left < 8 {
                let bits = UInt64(truncatingIfNeeded: left) &* 16
                low &= left < 4 ? 1 &<< bits &- 1 : .max
                high &= left <= 4 ? 0 : 1 &<< (bits &- 64) &- 1
            }
            if (low | high) & 0xFF80_FF80_FF80_FF80 != 0 { return false }
            store(Self.narrow(low) | Self.narrow(high) &<< 32, at: position)
            index &+= 8
            position &+= 8
        }
        extend(to: count &+ range.count)
        return true
    }

    /// The same one by one, at the end of the arena.
    private mutating func appendSlowly(asciiOf text: borrowing Slab<UInt16>, _ range: Range<Int>) -> Bool {
        for index in range where text[index] >= 0x80 { return false }
        for index in range { append(word: UInt64(text[index]), byteCount: 1) }
        return true
    }

    /// Appends well-formed units as UTF-8.
    mutating func append(utf8Of text: borrowing Slab<UInt16>, _ range: Range<Int>) {
        reserve(3 * range.count)
        var position = count
        var index = range.lowerBound
        while index < range.upperBound {
            let step = min(range.upperBound - index, 4)
            if index + 4 <= text.count {
                var word = text.word(at: index)
                // What comes after the range is none of it.
                if step < 4 { word &= (1 << UInt64(16 * step)) - 1 }
                if word & 0xFF80_FF80_FF80_FF80 == 0 {
                    let halves = (word | word >> 8) & 0x0000_FFFF_0000_FFFF
                    store(halves | halves >> 16, at: position)
                    index += step
                    position += step
                    continue
                }
            }
            let unit = UInt64(text[index])
            index += 1
            if unit < 0x80 {
                store(unit, at: position)
                position += 1
            } else if unit < 0x800 {
                store(0x80C0 | unit >> 6 | (unit & 0x3F) << 8, at: position)
                position += 2
            } else if UTF16Unit.isHigh(UInt16(truncatingIfNeeded: unit)), index < range.upperBound {
                let scalar = 0x1_0000 + ((unit & 0x3FF) << 10 | UInt64(text[index] & 0x3FF))
                index += 1
                let high = 0x80F0 | scalar >> 18 | (scalar >> 12 & 0x3F) << 8
                store(high | 0x8080_0000 | (scalar >> 6 & 0x3F) << 16 | (scalar & 0x3F) << 24, at: position)
                position += 4
            } else {
                store(0x80_80E0 | unit >> 12 | (unit >> 6 & 0x3F) << 8 | (unit & 0x3F) << 16, at: position)
                position += 3
            }
        }
        extend(to: position)
    }
}

extension [UInt8] {
    /// Appends the number of bytes and then the bytes.
    mutating func appendPrefixed(_ row: borrowing ByteRow) {
        appendVarint(row.count)
        if row.count > 0 { row.read(0..<row.count, into: &self) }
    }
}
