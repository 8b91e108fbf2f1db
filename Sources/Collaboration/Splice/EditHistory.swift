internal import CRDT

/// How the recent revisions moved positions: what a thin client's edit against an older revision is moved over.
///
/// Bounded by the number of revisions and of footprints; the oldest go first.
struct EditHistory {
    /// Why an edit cannot be moved.
    enum Failure: Error {
        /// The revision is older than what is remembered, or newer than what exists.
        case unknownRevision
        /// The session sent another edit since, against another revision: what this one builds on is not known.
        case mixedBases
        /// It would take too long.
        case tooMuchWork
    }

    /// Who sent an edit by position, against what, and as sent.
    struct ThinAuthor {
        var session: SessionID
        var base: Revision
        var sent: [Footprint]
    }

    private struct Item {
        var applied: [Footprint]
        var author: ThinAuthor?
        /// Edits that came after this revision and of which nothing was left to do.
        ///
        /// Whoever sent one may go on to build on it.
        var empty: [ThinAuthor] = []

        var footprintCount: Int {
            applied.count + (author?.sent.count ?? 0) + empty.reduce(0) { $0 + $1.sent.count }
        }
    }

    /// The oldest revision that an edit may be made against: `items[removed]` is the one after it.
    private(set) var floor: Revision
    private var items: [Item] = []
    private var removed = 0
    private var footprintCount = 0
    private let maximumCount: Int
    private let maximumFootprintCount: Int

    /// An empty history of a document at `revision`.
    init(revision: Revision, limits: RoomLimits) {
        floor = revision
        maximumCount = limits.rememberedRevisionCount
        maximumFootprintCount = limits.rememberedFootprintCount
    }

    /// Forgets everything: nobody will build on anything before `revision`.
    mutating func restart(at revision: Revision) {
        if !items.isEmpty { self.items = [] }
        removed = 0
        footprintCount = 0
        floor = revision
    }

    /// Remembers the next revision.
    mutating func append(_ applied: [Footprint], author: ThinAuthor? = nil) {
        let item = Item(applied: applied, author: author)
        items.append(item)
        footprintCount += item.footprintCount
        dropOldest()
    }

    /// Remembers an edit of which nothing was left to do.
    mutating func appendEmpty(_ author: ThinAuthor) {
        let sent = author.sent.filter { !$0.isEmpty }
        guard !sent.isEmpty, let last = items.indices.last, last >= removed else { return }
        items[last].empty.append(ThinAuthor(session: author.session, base: author.base, sent: sent))
        footprintCount += sent.count
        dropOldest()
    }

    private mutating func dropOldest() {
        while items.count - removed > maximumCount || footprintCount > maximumFootprintCount, removed < items.count {
            footprintCount -= items[removed].footprintCount
            items[removed] = Item(applied: [], author: nil)
            removed += 1
            floor = floor.next
        }
        if removed > 64, removed * 2 > items.count {
            items.removeFirst(removed)
            removed = 0
        }
    }

    /// What others did since `base`, as it is to whoever knows only what `session` itself sent against it.
    ///
    /// What the session itself sent against the same base is part of what its next edits build on.
    ///
    /// - Parameters:
    ///   - session: whose edits these are.
    ///   - base: what the edits were made against.
    ///   - steps: the work that this, and moving edits over it, may cost.
    /// - Returns: what the edits are to be moved over.
    /// - Throws: when it is not known, or too much.
    func others(than session: SessionID, since base: Revision, steps: Int) throws(Failure) -> ConcurrentEdits {
        let latest = floor.rawValue + UInt64(items.count - removed)
        guard base >= floor, base.rawValue <= latest else { throw .unknownRevision }
        var others = ConcurrentEdits(steps: steps)
        for item in items[(removed + Int(base.rawValue - floor.rawValue))...] {
            let isOwn = item.author?.session == session
            if !isOwn {
                for footprint in item.applied { others.append(footprint) }
            }
            let own = (isOwn ? [item.author].compactMap(\.self) : []) + item.empty.filter { $0.session == session }
            for author in own {
                guard author.base == base else { throw .mixedBases }
                for footprint in author.sent { try others.build(on: footprint) }
            }
        }
        return others
    }
}
