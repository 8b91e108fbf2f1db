extension JSONParser {
    /// Parses a number: an `Int` when it has neither fraction nor exponent and fits, else a `Double`.
    mutating func parseNumber() throws(JSONError) -> JSON {
        let start = self.position
        var number = NumberParts()
        if self.bytes[self.position] == UInt8(ascii: "-") {
            number.isNegative = true
            self.position += 1
        }
        let whole = self.takeDigits(into: &number)
        guard whole > 0 else { throw self.position < self.bytes.count ? .malformedNumber : .unexpectedEnd }
        if whole > 1, self.bytes[self.position - whole] == UInt8(ascii: "0") { throw .malformedNumber }

        if self.position < self.bytes.count, self.bytes[self.position] == UInt8(ascii: ".") {
            self.position += 1
            number.isInteger = false
            let digits = self.takeDigits(into: &number)
            guard digits > 0 else { throw self.position < self.bytes.count ? .malformedNumber : .unexpectedEnd }
            number.exponent -= digits
        }
        if self.position < self.bytes.count, self.bytes[self.position] | 0x20 == UInt8(ascii: "e") {
            self.position += 1
            number.isInteger = false
            try self.parseExponent(into: &number)
        }
        guard self.position - start <= self.limits.maxNumberLength else { throw .numberTooLong }
        if number.isInteger, let value = number.integer { return .int(value) }
        if let value = number.exactDouble { return .double(value) }
        // The rare rest: the standard library's correctly rounded conversion.
        let text = String(decoding: UnsafeBufferPointer(rebasing: self.bytes[start..<self.position]), as: UTF8.self)
        guard let value = Double(text) else { throw .malformedNumber }
        guard value.isFinite else { throw .numberOutOfRange }
        return .double(value)
    }

    private mutating func parseExponent(into number: inout NumberParts) throws(JSONError) {
        guard self.position < self.bytes.count else { throw .unexpectedEnd }
        var isNegative = false
        switch self.bytes[self.position] {
        case UInt8(ascii: "-"):
            isNegative = true
            self.position += 1
        case UInt8(ascii: "+"):
            self.position += 1
        case _:
            break
        }
        var exponent = NumberParts()
        guard self.takeDigits(into: &exponent) > 0 else {
            throw self.position < self.bytes.count ? .malformedNumber : .unexpectedEnd
        }
        // An exponent of this size is out of the exact path anyhow; the clamp keeps the sum from overflowing.
        let magnitude = exponent.isExact ? Int(min(exponent.mantissa, 1 << 20)) : 1 << 20
        number.exponent += isNegative ? -magnitude : magnitude
    }

    /// Steps over digits, adds them to the mantissa, returns how many there were.
    private mutating func takeDigits(into number: inout NumberParts) -> Int {
        let start = self.position
        while self.position < self.bytes.count {
            let digit = self.bytes[self.position] &- UInt8(ascii: "0")
            guard digit <= 9 else { break }
            number.append(digit)
            self.position += 1
        }
        return self.position - start
    }
}

/// A decimal number taken apart: sign, mantissa × 10^exponent.
private struct NumberParts {
    var isNegative = false
    var isInteger = true
    /// All digits as one integer, while it fits.
    var mantissa: UInt64 = 0
    var isExact = true
    var exponent = 0

    mutating func append(_ digit: UInt8) {
        let (product, overflow) = self.mantissa.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
        if overflow || carry { self.isExact = false }
        self.mantissa = sum
    }

    /// The number as an integer; nil when it does not fit, and for `-0`, whose sign an integer would lose.
    var integer: Int? {
        guard self.isExact else { return nil }
        if !self.isNegative { return Int(exactly: self.mantissa) }
        if self.mantissa == 0 { return nil }
        if self.mantissa == Int.min.magnitude { return .min }
        return Int(exactly: self.mantissa).map { -$0 }
    }

    /// The number as a double where one multiplication or division gives the correctly rounded one: mantissa and power
    /// of ten are both exact doubles (Clinger 1990, DOI 10.1145/93548.93557).
    var exactDouble: Double? {
        guard self.isExact, self.mantissa <= 1 << 53, (-22...22).contains(self.exponent) else { return nil }
        let magnitude = Double(self.mantissa)
        let power = Self.powersOfTen[abs(self.exponent)]
        let value = self.exponent < 0 ? magnitude / power : magnitude * power
        return self.isNegative ? -value : value
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]
}
