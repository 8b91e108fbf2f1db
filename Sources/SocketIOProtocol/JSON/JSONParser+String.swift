extension JSONParser {
    /// Parses a string that is a value.
    mutating func parseStringValue() throws(JSONError) -> JSON {
        let start = self.position + 1
        self.hasLoneSurrogate = false
        let string = try self.parseString()
        guard self.hasLoneSurrogate else { return .string(string) }
        return .illFormedString(try self.units(from: start, to: self.position - 1))
    }

    /// The code units of a string that has been parsed once already, which is why nothing is checked again.
    private mutating func units(from start: Int, to end: Int) throws(JSONError) -> [UInt16] {
        var units: [UInt16] = []
        self.position = start
        while self.position < end {
            if self.bytes[self.position] != UInt8(ascii: "\\") {
                var isASCII = true
                let runEnd = self.endOfPlainRun(from: self.position, isASCII: &isASCII)
                units += String(decoding: self.bytes[self.position..<runEnd], as: UTF8.self).utf16
                self.position = runEnd
            } else if self.bytes[self.position + 1] == UInt8(ascii: "u") {
                self.position += 2
                units.append(try self.parseHexUnit())
            } else {
                var character: [UInt8] = []
                try self.parseEscape(into: &character)
                units += character.map(UInt16.init)
            }
        }
        self.position = end + 1
        return units
    }

    /// Parses a string, the quotes included; a surrogate without its other half becomes U+FFFD and is noted.
    mutating func parseString() throws(JSONError) -> String {
        self.position += 1
        let start = self.position
        var isASCII = true
        self.position = self.endOfPlainRun(from: start, isASCII: &isASCII)
        guard self.position < self.bytes.count else { throw .unexpectedEnd }
        if self.bytes[self.position] == UInt8(ascii: "\"") {
            // Nearly every string of the protocol: no escape, so the bytes are the string.
            let run = UnsafeBufferPointer(rebasing: self.bytes[start..<self.position])
            self.position += 1
            // ASCII needs no validation, whose entry point costs more than a short string.
            if isASCII { return String(decoding: run, as: UTF8.self) }
            guard let string = String(validating: run, as: UTF8.self) else { throw .illFormedUTF8 }
            return string
        }
        return try self.parseEscapedString(from: start)
    }

    /// Goes on with a string whose first plain run, from `start` to the position, ended at no quote.
    private mutating func parseEscapedString(from start: Int) throws(JSONError) -> String {
        var text = Array(self.bytes[start..<self.position])
        while true {
            guard self.position < self.bytes.count else { throw .unexpectedEnd }
            switch self.bytes[self.position] {
            case UInt8(ascii: "\""):
                self.position += 1
                // An escape begins with a lead byte or ASCII, so it cannot complete a broken sequence before it.
                guard let string = String(validating: text, as: UTF8.self) else { throw .illFormedUTF8 }
                return string
            case UInt8(ascii: "\\"):
                try self.parseEscape(into: &text)
            case 0..<0x20:
                throw .controlCharacter
            case _:
                let start = self.position
                var isASCII = true
                self.position = self.endOfPlainRun(from: start, isASCII: &isASCII)
                text.append(contentsOf: self.bytes[start..<self.position])
            }
        }
    }

    private mutating func parseEscape(into text: inout [UInt8]) throws(JSONError) {
        guard self.position + 1 < self.bytes.count else { throw .unexpectedEnd }
        let byte = self.bytes[self.position + 1]
        self.position += 2
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            let unit = try self.parseHexUnit()
            text.append(
                contentsOf: UTF8.encode(try self.scalar(startingWith: unit)) ?? UTF8.encodedReplacementCharacter
            )
        case _: throw .malformedEscape
        }
    }

    /// The scalar that an escaped code unit begins; a high surrogate takes the low one behind it along.
    private mutating func scalar(startingWith unit: UInt16) throws(JSONError) -> Unicode.Scalar {
        if let scalar = Unicode.Scalar(unit) { return scalar }
        let isHigh = unit < 0xDC00
        guard
            isHigh,
            self.position + 1 < self.bytes.count,
            self.bytes[self.position] == UInt8(ascii: "\\"),
            self.bytes[self.position + 1] == UInt8(ascii: "u")
        else { return self.replacementForLoneSurrogate() }
        let before = self.position
        self.position += 2
        let low = try self.parseHexUnit()
        guard
            (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(unit - 0xD800) << 10 | UInt32(low - 0xDC00)))
        else {
            // The second escape stands for itself, or begins a pair of its own: read it again.
            self.position = before
            return self.replacementForLoneSurrogate()
        }
        return scalar
    }

    private mutating func replacementForLoneSurrogate() -> Unicode.Scalar {
        self.hasLoneSurrogate = true
        return "\u{FFFD}"
    }

    private mutating func parseHexUnit() throws(JSONError) -> UInt16 {
        guard self.position + 4 <= self.bytes.count else { throw .unexpectedEnd }
        var unit: UInt16 = 0
        for byte in self.bytes[self.position..<self.position + 4] {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            case _: throw .malformedEscape
            }
            unit = unit << 4 | UInt16(digit)
        }
        self.position += 4
        return unit
    }

    /// The first place from `start` on with a quote, a backslash or a control character; the end if there is none.
    ///
    /// - Parameters:
    ///   - start: Where to begin.
    ///   - isASCII: Set to whether every byte before that place is ASCII.
    /// - Returns: That place.
    private func endOfPlainRun(from start: Int, isASCII: inout Bool) -> Int {
        var place = start
        var all: UInt64 = 0
        // Eight bytes at a time. Each of the three terms is non-zero exactly when some byte of the word is a quote, a
        // backslash, or below 0x20 (Mycroft's test); which byte it was is left to the loop below.
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = ones << 7
        let raw = UnsafeRawBufferPointer(self.bytes)
        while place + 8 <= self.bytes.count {
            let word = raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5C)
            let hit =
                ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- (ones &* 0x20)) & ~word)
            if hit & highs != 0 { break }
            all |= word
            place += 8
        }
        while place < self.bytes.count {
            let byte = self.bytes[place]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            all |= UInt64(byte)
            place += 1
        }
        isASCII = all & highs == 0
        return place
    }
}
