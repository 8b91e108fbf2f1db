import CRDT

/// One replica of a random history, beside its oracle and a mirror that only follows edits and patches.
final class HistoryReplica {
    var document: Document
    /// `nil` where a history has so many replicas that one oracle for each would take too long.
    var oracle: NaiveDocument?
    var mirror = Mirror()
    /// What it made and what it applied.
    var known = Version()
    /// The changes under way to it, by number.
    var inbox: [Int] = []
    /// Whether it is cut off at the moment; what is sent to it waits.
    var isCut = false

    init(_ replica: ReplicaID, hasOracle: Bool) {
        document = Document(replica: replica)
        oracle = hasOracle ? NaiveDocument() : nil
    }

    /// Notes that a change was made here or came from elsewhere.
    func note(_ change: Change) throws {
        known[change.replica] = change.sequence + 1
        try oracle?.apply(change.encoded)
    }

    /// What is wrong with the document, if anything is.
    func fault() -> String? {
        if document.version != known { return "the version is not what was applied" }
        let content = document.mirrored()
        if content != mirror.filled { return "the content is not what the patches say" }
        if let oracle, content != Mirror(oracle) { return "the content is not the oracle's" }
        return nil
    }

    func checkInvariants() {
        #if DEBUG
        document.checkInvariants()
        #endif
    }
}
