/// A recorded editing session, of one author or of several.
///
/// The formats are those of the `editing-traces` collection.
struct Trace {
    /// One splice, in Unicode code points.
    struct Splice {
        let position: Int
        let deleteCount: Int
        let insert: [UInt16]
    }

    /// One transaction.
    struct Transaction {
        /// The transactions whose effects it was made on; empty for a sequential trace, where it is the one before.
        var parents: [Int] = []
        var agent = 0
        var splices: [Splice] = []
    }

    var start: [UInt16] = []
    var end: [UInt16] = []
    var transactions: [Transaction] = []
    /// How many authors worked at the same time; nil for a sequential trace.
    var agentCount: Int?
    /// Whether every character that is written is one UTF-16 code unit, so that code points are UTF-16 offsets.
    var isBasic = true

    var spliceCount: Int { self.transactions.reduce(0) { $0 + $1.splices.count } }

    /// Why a file is not a trace.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads a trace, packed with gzip or not.
    init(_ file: [UInt8]) throws {
        var bytes = file
        if Gunzip.isGzip(bytes) {
            do {
                bytes = try Gunzip.unpack(bytes)
            } catch {
                throw Failure(description: "the file cannot be unpacked: \(error)")
            }
        }
        var reader = TraceReader(bytes)
        try reader.object { key, reader throws(Failure) in
            switch key {
            case "startContent": self.start = try reader.string()
            case "endContent": self.end = try reader.string()
            case "numAgents": self.agentCount = try reader.integer()
            case "txns":
                try reader.array { reader throws(Failure) in
                    self.transactions.append(try Self.transaction(&reader))
                }
            default: try reader.skip()
            }
        }
        try self.check()
        self.isBasic =
            !self.start.contains(where: UTF16.isLeadSurrogate)
            && !self.transactions.contains { $0.splices.contains { $0.insert.contains(where: UTF16.isLeadSurrogate) } }
    }

    private static func transaction(_ reader: inout TraceReader) throws(Failure) -> Transaction {
        var transaction = Transaction()
        try reader.object { key, reader throws(Failure) in
            switch key {
            case "parents":
                try reader.array { reader throws(Failure) in transaction.parents.append(try reader.integer()) }
            case "agent": transaction.agent = try reader.integer()
            case "patches":
                try reader.array { reader throws(Failure) in transaction.splices.append(try self.splice(&reader)) }
            default: try reader.skip()
            }
        }
        return transaction
    }

    private static func splice(_ reader: inout TraceReader) throws(Failure) -> Splice {
        try reader.expect("[")
        let position = try reader.integer()
        try reader.expect(",")
        let deleteCount = try reader.integer()
        try reader.expect(",")
        let insert = try reader.string()
        try reader.expect("]")
        return Splice(position: position, deleteCount: deleteCount, insert: insert)
    }

    private func check() throws(Failure) {
        for (index, transaction) in self.transactions.enumerated() {
            guard transaction.parents.allSatisfy({ $0 < index }) else {
                throw Failure(description: "transaction \(index) depends on a later one")
            }
            guard self.agentCount.map({ transaction.agent < $0 }) ?? true else {
                throw Failure(description: "transaction \(index) is of an agent that is not announced")
            }
        }
    }
}

/// Reads the JSON of traces from bytes, without making a tree of it: there are hundreds of thousands of arrays in one.
struct TraceReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    private func failure(_ what: String) -> Trace.Failure {
        Trace.Failure(description: "no trace: \(what) at byte \(self.position)")
    }

    /// The next byte that is no white space, or nil at the end.
    private mutating func peek() -> UInt8? {
        while self.position < self.bytes.count {
            let byte = self.bytes[self.position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            self.position += 1
        }
        return nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.peek() == UInt8(ascii: character) else { return false }
        self.position += 1
        return true
    }

    mutating func expect(_ character: Unicode.Scalar) throws(Trace.Failure) {
        guard self.take(character) else { throw self.failure("no \(character)") }
    }

    mutating func object(
        _ body: (_ key: String, _ reader: inout TraceReader) throws(Trace.Failure) -> Void
    ) throws(Trace.Failure) {
        try self.expect("{")
        if self.take("}") { return }
        repeat {
            let key = String(decoding: try self.string(), as: UTF16.self)
            try self.expect(":")
            try body(key, &self)
        } while self.take(",")
        try self.expect("}")
    }

    mutating func array(_ body: (_ reader: inout TraceReader) throws(Trace.Failure) -> Void) throws(Trace.Failure) {
        try self.expect("[")
        if self.take("]") { return }
        repeat { try body(&self) } while self.take(",")
        try self.expect("]")
    }

    /// A whole number that is not negative.
    mutating func integer() throws(Trace.Failure) -> Int {
        _ = self.peek()
        var value = 0
        let start = self.position
        while self.position < self.bytes.count, (0x30...0x39).contains(self.bytes[self.position]) {
            guard value < 1 << 50 else { throw self.failure("too large a number") }
            value = value * 10 + Int(self.bytes[self.position] - 0x30)
            self.position += 1
        }
        guard self.position > start else { throw self.failure("no number") }
        return value
    }

    mutating func string() throws(Trace.Failure) -> [UInt16] {
        try self.expect("\"")
        var units: [UInt16] = []
        var start = self.position
        while self.position < self.bytes.count {
            let byte = self.bytes[self.position]
            if byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                self.position += 1
                continue
            }
            units += String(decoding: self.bytes[start..<self.position], as: UTF8.self).utf16
            self.position += 1
            if byte == UInt8(ascii: "\"") { return units }
            units.append(try self.escape())
            start = self.position
        }
        throw self.failure("no end of a string")
    }

    private mutating func escape() throws(Trace.Failure) -> UInt16 {
        guard self.position < self.bytes.count else { throw self.failure("no end of a string") }
        let byte = self.bytes[self.position]
        self.position += 1
        switch byte {
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "u"):
            let end = self.position + 4
            guard
                end <= self.bytes.count,
                let unit = UInt16(String(decoding: self.bytes[self.position..<end], as: UTF8.self), radix: 16)
            else { throw self.failure("no four hex digits") }
            self.position = end
            return unit
        default: return UInt16(byte)
        }
    }

    /// Passes over a value of any kind.
    mutating func skip() throws(Trace.Failure) {
        switch self.peek() {
        case UInt8(ascii: "\""): _ = try self.string()
        case UInt8(ascii: "{"): try self.object { _, reader throws(Trace.Failure) in try reader.skip() }
        case UInt8(ascii: "["): try self.array { reader throws(Trace.Failure) in try reader.skip() }
        case nil: throw self.failure("no value")
        default:
            let stops = Array(",]} \n\r\t".utf8)
            while self.position < self.bytes.count, !stops.contains(self.bytes[self.position]) { self.position += 1 }
        }
    }
}
