import Foundation

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

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.parents = try fields.decodeIfPresent([Int].self, forKey: .parents) ?? []
        self.agent = try fields.decodeIfPresent(Int.self, forKey: .agent) ?? 0
        self.splices = try fields.decode([Trace.Splice].self, forKey: .patches)
    }
}

/// `[position, deleteCount, insert]`.
extension Trace.Splice: Decodable {
    init(from decoder: any Decoder) throws {
        var fields = try decoder.unkeyedContainer()
        self.position = try fields.decode(Int.self)
        self.deleteCount = try fields.decode(Int.self)
        self.insert = Array(try fields.decode(String.self).utf16)
    }
}
