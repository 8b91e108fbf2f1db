internal import CRDT

/// Received changes that wait until somebody asks for them, in the causal order they came in.
struct HeldChanges {
    private var changes: [Change] = []
    /// What the replica would know if it took everything in.
    private(set) var version: Version

    init(version: Version) {
        self.version = version
    }

    /// Something made here, or taken in by another way.
    mutating func note(_ change: Change) {
        if self.version[change.replica] <= change.sequence { self.version[change.replica] = change.sequence + 1 }
    }

    /// Keeps the changes that are new.
    ///
    /// Returns them, and whether one came before what it depends on (that one is not kept).
    mutating func receive(_ changes: [Change]) -> (kept: [Change], hasGap: Bool) {
        var kept: [Change] = []
        for change in changes {
            let next = self.version[change.replica]
            if change.sequence < next { continue }
            guard change.sequence == next, self.version.covers(change.dependencies) else { return (kept, true) }
            self.version[change.replica] = next + 1
            self.changes.append(change)
            kept.append(change)
        }
        return (kept, false)
    }

    /// Hands out what is part of `version`, in order.
    mutating func take(upTo version: Version) -> [Change] {
        guard !self.changes.isEmpty else { return [] }
        var taken: [Change] = []
        var left: [Change] = []
        for change in self.changes {
            if change.sequence < version[change.replica] { taken.append(change) } else { left.append(change) }
        }
        self.changes = left
        return taken
    }
}
