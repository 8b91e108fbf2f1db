internal import CRDT

/// The changes that a client keeps for the server's sake, in causal order.
///
/// First those that are not on its disk as far as is known: one's own, which are to be sent, and those of others that the server
/// broadcast before it committed them: if the server dies in between and their author is gone, this client is the one that can
/// give them back. Then, within a bound, those that are on its disk: a server that is restored from a backup has lost them.
///
/// ```
/// position   base              settled     cursor                end
///            | stored | stored | in flight | at server | queued | queued |
///            first kept        first that is not stored
/// ```
///
/// Positions only grow; the entries before `base` are forgotten. Dropping the front is amortised O(1).
struct UnstoredLog {
    /// Where a change stands.
    enum Stage: Equatable {
        /// To be sent.
        case queued
        /// Sent as part of the message `send`, not yet answered.
        case inFlight(send: UInt64)
        /// Another's change that the server has, as far as is known not on disk before `revision`.
        case atServer(revision: UInt64)
        /// On the server's disk.
        case stored
    }

    /// One change and where it stands.
    struct Entry {
        let change: Change
        let isOwn: Bool
        var stage: Stage

        var byteCount: Int { self.change.encoded.count }
    }

    /// What keeping a change costs beside its bytes, about.
    private static let overhead = 64
    /// Forgotten slots at the front are reclaimed when they outnumber the living and this.
    private static let slack = 256

    private var entries: [Entry?] = []
    /// Slots at the front of `entries` that are already forgotten.
    private var gone = 0
    /// The position of `entries[0]`.
    private var origin = 0
    /// The position of the first entry that is not stored.
    private(set) var settled = 0
    /// What the entries before that cost, in bytes.
    private(set) var storedByteCount = 0
    /// One's own changes that are not stored yet.
    private(set) var ownCount = 0
    /// Their size in bytes.
    private(set) var ownByteCount = 0
    /// The size of others' changes that are not stored as far as is known, in bytes.
    private(set) var othersByteCount = 0

    /// The position of the first entry that is kept.
    var base: Int { self.origin + self.gone }
    /// The position after the last entry.
    var end: Int { self.origin + self.entries.count }
    /// Whether nothing is kept.
    var isEmpty: Bool { self.base == self.end }

    /// The entry at `position`, or nil when it was forgotten or never was.
    subscript(position: Int) -> Entry? {
        guard position >= self.base, position < self.end else { return nil }
        return self.entries[position - self.origin]
    }

    mutating func append(_ change: Change, isOwn: Bool, stage: Stage) {
        let entry = Entry(change: change, isOwn: isOwn, stage: stage)
        self.entries.append(entry)
        self.count(entry, 1)
    }

    /// Moves the entry at `position` to another stage.
    ///
    /// One that is stored stays so, but for ``revive(at:)``.
    mutating func setStage(_ stage: Stage, at position: Int) {
        guard let entry = self[position], entry.stage != .stored else { return }
        self.entries[position - self.origin]?.stage = stage
        if stage == .stored { self.count(entry, -1) }
    }

    /// Queues a stored entry: the server has it no longer.
    mutating func revive(at position: Int) {
        guard let entry = self[position], entry.stage == .stored else { return }
        self.entries[position - self.origin]?.stage = .queued
        self.count(entry, 1)
        while self.settled > position {
            self.settled -= 1
            if let passed = self[self.settled] { self.storedByteCount -= Self.cost(passed) }
        }
    }

    /// Takes note that `revision` is stored, and forgets the oldest stored entries until the others cost at most `limit` bytes.
    mutating func settle(through revision: UInt64, keeping limit: Int) {
        scan: while let entry = self[self.settled] {
            switch entry.stage {
            case .stored: break
            case .atServer(let needed) where needed <= revision: self.setStage(.stored, at: self.settled)
            case .atServer, .queued, .inFlight: break scan
            }
            self.passSettled(entry)
        }
        self.boundStored(to: limit)
    }

    /// Has the first of others' changes count as stored until at most `limit` bytes of them do not; stops at one's own.
    mutating func boundOthers(to limit: Int, keeping storedLimit: Int) {
        while self.othersByteCount > limit, let entry = self[self.settled] {
            switch entry.stage {
            case .stored: break
            case .atServer: self.setStage(.stored, at: self.settled)
            case .queued, .inFlight: return
            }
            self.passSettled(entry)
        }
        self.boundStored(to: storedLimit)
    }

    /// Forgets everything.
    mutating func removeAll() {
        self = .init()
    }

    private static func cost(_ entry: Entry) -> Int { entry.byteCount + self.overhead }

    private mutating func count(_ entry: Entry, _ sign: Int) {
        if entry.isOwn {
            self.ownCount += sign
            self.ownByteCount += sign * entry.byteCount
        } else {
            self.othersByteCount += sign * entry.byteCount
        }
    }

    private mutating func passSettled(_ entry: Entry) {
        self.storedByteCount += Self.cost(entry)
        self.settled += 1
    }

    private mutating func boundStored(to limit: Int) {
        while self.storedByteCount > limit, self.base < self.settled, let entry = self[self.base] {
            self.storedByteCount -= Self.cost(entry)
            self.entries[self.gone] = nil
            self.gone += 1
        }
        self.reclaim()
    }

    private mutating func reclaim() {
        guard self.gone > Self.slack, self.gone > self.entries.count / 2 else { return }
        self.entries.removeFirst(self.gone)
        self.origin += self.gone
        self.gone = 0
    }
}
