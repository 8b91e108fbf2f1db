import Foundation

/// A recorded editing session, of one author or of several.
///
/// The formats are those of the `editing-traces` collection.
public struct Trace: Sendable {
    /// One splice, in Unicode code points.
    public struct Splice: Sendable {
        /// Where, in code points from the start of the text.
        public let position: Int
        /// How many code points after it are deleted.
        public let deleteCount: Int
        /// The UTF-16 code units that are inserted.
        public let insert: [UInt16]

        /// Makes a splice.
        public init(position: Int, deleteCount: Int, insert: [UInt16]) {
            self.position = position
            self.deleteCount = deleteCount
            self.insert = insert
        }
    }

    /// One transaction.
    public struct Transaction: Sendable {
        /// The transactions whose effects it was made on; empty for a sequential trace, where it is the one before.
        public var parents: [Int] = []
        /// Who made it.
        public var agent = 0
        /// What was done, each splice on what the one before left.
        public var splices: [Splice] = []
    }

    /// The text at the beginning, in UTF-16 code units.
    public private(set) var start: [UInt16] = []
    /// The text at the end.
    public private(set) var end: [UInt16] = []
    /// What was done, in an order in which causes come first.
    public private(set) var transactions: [Transaction] = []
    /// How many authors worked at the same time; nil for a sequential trace.
    public private(set) var agentCount: Int?
    /// Whether every character that is written is one UTF-16 code unit, so that code points are UTF-16 offsets.
    public private(set) var isBasic = true

    /// How many splices all transactions have.
    public var spliceCount: Int { self.transactions.reduce(0) { $0 + $1.splices.count } }

    /// Why a file is not a trace.
    public struct Failure: Error, CustomStringConvertible {
        /// What is wrong, in one line.
        public let description: String

        /// Makes a failure of one line.
        public init(description: String) {
            self.description = description
        }
    }

    /// Reads a trace, packed with gzip or not.
    ///
    /// - Throws: a ``Failure`` when the bytes are not a trace.
    public init(_ file: [UInt8]) throws {
        var bytes = file
        if Gunzip.isGzip(bytes) {
            do {
                bytes = try Gunzip.unpack(bytes)
            } catch {
                throw Failure(description: "the file cannot be unpacked: \(error)")
            }
        }
        let recording: Recording
        do {
            recording = try JSONDecoder().decode(Recording.self, from: Data(bytes))
        } catch {
            throw Failure(description: "no trace: \(Self.explain(error))")
        }
        self.start = Array((recording.startContent ?? "").utf16)
        self.end = Array(recording.endContent.utf16)
        self.agentCount = recording.numAgents
        self.transactions = recording.txns
        try self.check()
        self.isBasic =
            !self.start.contains(where: UTF16.isLeadSurrogate)
            && !self.transactions.contains { $0.splices.contains { $0.insert.contains(where: UTF16.isLeadSurrogate) } }
    }

    /// What the decoder found, in one line: where, and what.
    private static func explain(_ error: any Error) -> String {
        let context: DecodingError.Context
        switch error {
        case DecodingError.dataCorrupted(let found): context = found
        case DecodingError.keyNotFound(_, let found), DecodingError.valueNotFound(_, let found): context = found
        case DecodingError.typeMismatch(_, let found): context = found
        default: return "\(error)"
        }
        let place = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
        return place.isEmpty ? context.debugDescription : "\(place): \(context.debugDescription)"
    }

    private func check() throws(Failure) {
        for (index, transaction) in self.transactions.enumerated() {
            guard transaction.parents.allSatisfy({ (0..<index).contains($0) }) else {
                throw Failure(description: "transaction \(index) depends on one that does not come before it")
            }
            let largest = 1 << 50
            guard
                transaction.splices.allSatisfy({
                    (0..<largest).contains($0.position) && (0..<largest).contains($0.deleteCount)
                })
            else { throw Failure(description: "transaction \(index) edits at a place that no text has") }
            guard transaction.agent >= 0, self.agentCount.map({ transaction.agent < $0 }) ?? true else {
                throw Failure(description: "transaction \(index) is of an agent that is not announced")
            }
        }
    }
}

/// The file's own form.
private struct Recording: Decodable {
    let startContent: String?
    let endContent: String
    let numAgents: Int?
    let txns: [Trace.Transaction]
}

extension Trace.Transaction: Decodable {
    private enum CodingKeys: String, CodingKey {
        case parents, agent, patches
    }

    /// Reads an object with `patches`, and `parents` and `agent` where there are several authors.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.parents = try fields.decodeIfPresent([Int].self, forKey: .parents) ?? []
        self.agent = try fields.decodeIfPresent(Int.self, forKey: .agent) ?? 0
        self.splices = try fields.decode([Trace.Splice].self, forKey: .patches)
    }
}

/// `[position, deleteCount, insert]`.
extension Trace.Splice: Decodable {
    /// Reads an array of three.
    public init(from decoder: any Decoder) throws {
        var fields = try decoder.unkeyedContainer()
        self.position = try fields.decode(Int.self)
        self.deleteCount = try fields.decode(Int.self)
        self.insert = Array(try fields.decode(String.self).utf16)
    }
}
