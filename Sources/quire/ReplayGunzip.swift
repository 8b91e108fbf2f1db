/// Unpacks gzip files (RFC 1952 around RFC 1951), so that recorded sessions can stay packed.
///
/// Huffman codes are decoded bit by bit by counting codes per length, which needs no tables worth the name; a trace of a
/// megabyte takes well below a second.
struct Gunzip {
    /// Why a file cannot be unpacked.
    enum Failure: Error, Equatable {
        case notGzip
        case truncated
        case malformed
        case tooLarge
        case wrongChecksum
    }

    /// The codes of one alphabet: how many there are of each length, and the symbols in the order of their codes.
    private struct Codes {
        var counts = [Int](repeating: 0, count: 16)
        var symbols: [Int] = []

        init(lengths: ArraySlice<Int>) {
            for length in lengths { self.counts[length] += 1 }
            self.counts[0] = 0
            var offsets = [Int](repeating: 0, count: 17)
            for length in 1...15 { offsets[length + 1] = offsets[length] + self.counts[length] }
            self.symbols = [Int](repeating: 0, count: lengths.count)
            for (symbol, length) in lengths.enumerated() where length != 0 {
                self.symbols[offsets[length]] = symbol
                offsets[length] += 1
            }
        }
    }

    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145,
        8193, 12_289, 16_385, 24_577,
    ]
    private static let distanceBits = [
        0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
    ]
    /// The order in which the lengths of the code length alphabet are written.
    private static let lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

    private let input: [UInt8]
    private let limit: Int
    private var position = 0
    private var bitBuffer: UInt32 = 0
    private var bitCount = 0
    private var output: [UInt8] = []

    private init(_ input: [UInt8], limit: Int) {
        self.input = input
        self.limit = limit
    }

    /// Whether the bytes begin as a gzip file does.
    static func isGzip(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0x1F, 0x8B])
    }

    /// The content of a gzip file with one member, of at most `limit` bytes.
    static func unpack(_ bytes: [UInt8], limit: Int = 1 << 30) throws(Failure) -> [UInt8] {
        var gunzip = Gunzip(bytes, limit: limit)
        try gunzip.skipHeader()
        try gunzip.inflate()
        try gunzip.checkTrailer()
        return gunzip.output
    }

    private mutating func byte() throws(Failure) -> UInt8 {
        guard self.position < self.input.count else { throw .truncated }
        defer { self.position += 1 }
        return self.input[self.position]
    }

    private mutating func skipHeader() throws(Failure) {
        guard Self.isGzip(self.input), self.input.count >= 18, self.input[2] == 8 else { throw .notGzip }
        let flags = self.input[3]
        self.position = 10
        if flags & 4 != 0 {
            let low = try self.byte()
            let high = try self.byte()
            self.position += Int(low) | Int(high) << 8
        }
        for flag in [UInt8(8), 16] where flags & flag != 0 {
            while try self.byte() != 0 {}
        }
        if flags & 2 != 0 { self.position += 2 }
    }

    private mutating func checkTrailer() throws(Failure) {
        guard self.input.count - self.position >= 8 else { throw .truncated }
        var sum: UInt32 = 0
        for index in 0..<4 { sum |= UInt32(self.input[self.position + index]) << UInt32(8 * index) }
        guard sum == Self.checksum(self.output) else { throw .wrongChecksum }
    }

    /// CRC-32 as gzip has it (polynomial 0xEDB88320, reflected).
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var table: [UInt32] = []
        for index in 0..<UInt32(256) {
            var value = index
            for _ in 0..<8 {
                let shifted = value >> 1
                value = value & 1 == 1 ? shifted ^ 0xEDB8_8320 : shifted
            }
            table.append(value)
        }
        var sum = ~UInt32(0)
        for byte in bytes { sum = table[Int((sum ^ UInt32(byte)) & 0xFF)] ^ (sum >> 8) }
        return ~sum
    }

    private mutating func bits(_ count: Int) throws(Failure) -> Int {
        while self.bitCount < count {
            self.bitBuffer |= UInt32(try self.byte()) << UInt32(self.bitCount)
            self.bitCount += 8
        }
        let value = Int(self.bitBuffer & ((1 << UInt32(count)) - 1))
        self.bitBuffer >>= UInt32(count)
        self.bitCount -= count
        return value
    }

    private mutating func symbol(_ codes: Codes) throws(Failure) -> Int {
        // The codes of one length are consecutive: `first` is the first of them, `index` the place of its symbol.
        var code = 0
        var first = 0
        var index = 0
        for length in 1...15 {
            code |= try self.bits(1)
            let count = codes.counts[length]
            if code - first < count { return codes.symbols[index + code - first] }
            index += count
            first = (first + count) << 1
            code <<= 1
        }
        throw .malformed
    }

    private mutating func inflate() throws(Failure) {
        var isLast = false
        while !isLast {
            isLast = try self.bits(1) == 1
            switch try self.bits(2) {
            case 0: try self.copyStored()
            case 1: try self.inflateBlock(literals: Self.fixedLiterals, distances: Self.fixedDistances)
            case 2:
                let (literals, distances) = try self.dynamicCodes()
                try self.inflateBlock(literals: literals, distances: distances)
            default: throw .malformed
            }
        }
    }

    private static let fixedLiterals = Codes(
        lengths: ([Int](repeating: 8, count: 144) + [Int](repeating: 9, count: 112) + [Int](repeating: 7, count: 24)
            + [Int](repeating: 8, count: 8))[...]
    )
    private static let fixedDistances = Codes(lengths: [Int](repeating: 5, count: 30)[...])

    private mutating func copyStored() throws(Failure) {
        self.bitBuffer = 0
        self.bitCount = 0
        let low = try self.byte()
        let high = try self.byte()
        let count = Int(low) | Int(high) << 8
        let start = self.position + 2
        guard start + count <= self.input.count else { throw .truncated }
        guard self.output.count + count <= self.limit else { throw .tooLarge }
        self.output.append(contentsOf: self.input[start..<(start + count)])
        self.position = start + count
    }

    private mutating func dynamicCodes() throws(Failure) -> (literals: Codes, distances: Codes) {
        let literalCount = try self.bits(5) + 257
        let distanceCount = try self.bits(5) + 1
        let lengthCount = try self.bits(4) + 4
        var meta = [Int](repeating: 0, count: 19)
        for index in 0..<lengthCount { meta[Self.lengthOrder[index]] = try self.bits(3) }
        let metaCodes = Codes(lengths: meta[...])
        var lengths: [Int] = []
        while lengths.count < literalCount + distanceCount {
            let symbol = try self.symbol(metaCodes)
            switch symbol {
            case 16:
                guard let previous = lengths.last else { throw .malformed }
                lengths += [Int](repeating: previous, count: try self.bits(2) + 3)
            case 17: lengths += [Int](repeating: 0, count: try self.bits(3) + 3)
            case 18: lengths += [Int](repeating: 0, count: try self.bits(7) + 11)
            default: lengths.append(symbol)
            }
        }
        guard lengths.count == literalCount + distanceCount else { throw .malformed }
        return (Codes(lengths: lengths[..<literalCount]), Codes(lengths: lengths[literalCount...]))
    }

    private mutating func inflateBlock(literals: Codes, distances: Codes) throws(Failure) {
        while true {
            let symbol = try self.symbol(literals)
            if symbol == 256 { return }
            guard self.output.count + 258 <= self.limit else { throw .tooLarge }
            if symbol < 256 {
                self.output.append(UInt8(symbol))
                continue
            }
            guard symbol - 257 < Self.lengthBases.count else { throw .malformed }
            let length = Self.lengthBases[symbol - 257] + (try self.bits(Self.lengthBits[symbol - 257]))
            let code = try self.symbol(distances)
            guard code < Self.distanceBases.count else { throw .malformed }
            let distance = Self.distanceBases[code] + (try self.bits(Self.distanceBits[code]))
            guard distance <= self.output.count else { throw .malformed }
            // Source and target may overlap: that is how runs are written.
            for _ in 0..<length { self.output.append(self.output[self.output.count - distance]) }
        }
    }
}
