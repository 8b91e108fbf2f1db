internal import CRDT

/// The changes that a client keeps until it knows that the server has them on disk, in causal order.
///
/// It holds one's own changes, which are to be sent, and those of others that the server broadcast before it committed them:
/// if the server dies in between and their author is gone, this client is the one that can give them back.
///
/// ```
/// position   base          cursor                end
///            | stored | in flight | at server | queued | queued |
///            first kept           next candidate to send
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

    /// Forgotten slots at the front are reclaimed when they outnumber the living and this.
    private static let slack = 256

    private var entries: [Entry?] = []
    /// Slots at the front of `entries` that are already forgotten.
    private var gone = 0
    /// The position of `entries[0]`.
    private var origin = 0
    /// One's own changes that are not stored yet.
    private(set) var ownCount = 0
    /// Their size in bytes.
    private(set) var ownByteCount = 0
    /// The size of others' changes that are kept, in bytes.
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
        if isOwn {
            self.ownCount += 1
            self.ownByteCount += entry.byteCount
        } else {
            self.othersByteCount += entry.byteCount
        }
    }

    /// Moves the entry at `position` to another stage.
    ///
    /// A stored one never moves again.
    mutating func setStage(_ stage: Stage, at position: Int) {
        guard position >= self.base, position < self.end else { return }
        let slot = position - self.origin
        guard let entry = self.entries[slot], entry.stage != .stored else { return }
        self.entries[slot]?.stage = stage
        guard stage == .stored else { return }
        if entry.isOwn {
            self.ownCount -= 1
            self.ownByteCount -= entry.byteCount
        } else {
            self.othersByteCount -= entry.byteCount
        }
    }

    /// Forgets the stored entries at the front, and those of others that are stored once `revision` is.
    mutating func dropStored(through revision: UInt64) {
        while self.gone < self.entries.count {
            switch self.entries[self.gone]?.stage {
            case .stored:
                break
            case .atServer(let needed) where needed <= revision:
                self.setStage(.stored, at: self.base)
            case .atServer, .queued, .inFlight, nil:
                self.reclaim()
                return
            }
            self.forgetFirst()
        }
        self.reclaim()
    }

    /// Forgets others' changes from the front until at most `limit` bytes of them are kept; stops at one's own.
    mutating func boundOthers(to limit: Int) {
        while self.othersByteCount > limit, let entry = self[self.base] {
            guard case .atServer = entry.stage else { return }
            self.setStage(.stored, at: self.base)
            self.forgetFirst()
        }
        self.reclaim()
    }

    /// Forgets everything.
    mutating func removeAll() {
        self = .init()
    }

    private mutating func forgetFirst() {
        self.entries[self.gone] = nil
        self.gone += 1
    }

    private mutating func reclaim() {
        guard self.gone > Self.slack, self.gone > self.entries.count / 2 else { return }
        self.entries.removeFirst(self.gone)
        self.origin += self.gone
        self.gone = 0
    }
}
