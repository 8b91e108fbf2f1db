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
    /// How many steps it can undo.
    var undoLimit = 0 {
        didSet { document.undoLimit = undoLimit }
    }
    /// Where it typed last.
    var typedAt = 0
    /// The changes that were just applied, by number.
    var arrived: [Int] = []
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

    /// Looks up what is in containers that an edit created and lost again at once: nothing else tells of them.
    func learnLost() throws {
        guard let oracle else { return }
        for container in oracle.containers {
            let place = try container.home.place
            switch container.kind {
            case .text where mirror.texts[container.home] == nil:
                mirror.texts[container.home] = document.text(of: TextID(place))
            case .list where mirror.lists[container.home] == nil:
                mirror.lists[container.home] = document.values(of: ListID(place)).map { .init($0) }
            case .map where mirror.maps[container.home] == nil:
                mirror.maps[container.home] = document.entries(of: MapID(place))
            default: break
            }
        }
    }

    /// What is wrong with the document, if anything is.
    func fault() -> String? {
        if mirror.wasMisled { return "a patch is at a place that is not there" }
        if document.version != known { return "the version is not what was applied" }
        var known = mirror
        for container in oracle?.containers ?? [] { known.open(container) }
        guard let content = try? document.content(known: known) else { return "a name is none" }
        if content.restricted(to: mirror) != mirror.filled { return "the content is not what the patches say" }
        if let oracle, content != Mirror(oracle) { return "the content is not the oracle's" }
        for (home, text) in content.texts {
            guard let place = try? home.place, document.utf16Count(of: TextID(place)) == text.count else {
                return "a text's count is not its length"
            }
        }
        for (home, values) in content.lists {
            guard let place = try? home.place, document.count(of: ListID(place)) == values.count else {
                return "a list's count is not its length"
            }
            for (index, value) in values.enumerated() {
                guard document.value(at: index, in: ListID(place)).map({ .init($0) }) == value else {
                    return "an item is not at its index"
                }
            }
        }
        return nil
    }

    func checkInvariants() {
        #if DEBUG
        document.checkInvariants()
        #endif
    }
}
