import TestSupport

@testable import CRDT

/// Turns the code points that traces count in into UTF-16 code units, by remembering where pairs are.
struct PairPositions {
    /// The offsets of the first halves, ascending.
    private var pairs: [Int] = []

    init() {}

    func utf16Offset(ofCodePoint codePoint: Int) -> Int {
        var offset = codePoint
        for pair in pairs {
            if pair >= offset { break }
            offset += 1
        }
        return offset
    }

    mutating func splice(at offset: Int, deleting count: Int, inserting units: [UInt16]) {
        if pairs.isEmpty, !units.contains(where: { $0 & 0xFC00 == 0xD800 }) { return }
        var after = pairs.filter { $0 < offset }
        for index in units.indices where units[index] & 0xFC00 == 0xD800 { after.append(offset + index) }
        for pair in pairs where pair >= offset + count { after.append(pair - count + units.count) }
        pairs = after
    }

    /// A trace's splice in UTF-16.
    mutating func edit(_ patch: Trace.Patch, in root: TextID) -> TextEdit {
        let start = utf16Offset(ofCodePoint: patch.position)
        let end = utf16Offset(ofCodePoint: patch.position + patch.deleted)
        let units = Array(patch.inserted.utf16)
        splice(at: start, deleting: end - start, inserting: units)
        return TextEdit(text: root, utf16Offset: start, deleteCount: end - start, insert: units)
    }
}

extension Trace {
    /// All splices of a sequential trace, in UTF-16.
    func edits(in root: TextID) -> [[TextEdit]] {
        var pairs = PairPositions()
        return txns.map { transaction in transaction.patches.map { pairs.edit($0, in: root) } }
    }

    /// For each transaction of a concurrent trace, how many transactions of each agent its author had seen.
    func seen() -> [[Int]] {
        let agents = numAgents ?? 1
        var after: [[Int]] = []
        var before: [[Int]] = []
        for transaction in txns {
            var seen = [Int](repeating: 0, count: agents)
            for parent in transaction.parents ?? [] {
                for agent in 0..<agents { seen[agent] = max(seen[agent], after[parent][agent]) }
            }
            before.append(seen)
            seen[transaction.agent ?? 0] += 1
            after.append(seen)
        }
        return before
    }
}
