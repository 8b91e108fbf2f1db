internal import CRDT

/// How the recent revisions moved positions: what a thin client's edit against an older revision is moved over.
///
/// Bounded by the number of revisions and of splices; the oldest go first.
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

    /// Splices with the root each belongs to.
    struct Shape {
        var root: RootName
        var splice: Splice
    }

    /// Who sent an edit by position, against what, and as sent.
    struct ThinAuthor {
        var session: SessionID
        var base: Revision
        var sent: [Shape]
    }

    private struct Item {
        var applied: [Shape]
        var author: ThinAuthor?
        /// Edits that came after this revision and of which nothing was left to do.
        ///
        /// Whoever sent one may go on to build on it.
        var empty: [ThinAuthor] = []

        var spliceCount: Int {
            applied.count + (author?.sent.count ?? 0) + empty.reduce(0) { $0 + $1.sent.count }
        }
    }

    /// The oldest revision that an edit may be made against: `items[removed]` is the one after it.
    private(set) var floor: Revision
    private var items: [Item] = []
    private var removed = 0
    private var spliceCount = 0
    private let maximumCount: Int
    private let maximumSpliceCount: Int

    /// An empty history of a document at `revision`.
    init(revision: Revision, limits: RoomLimits) {
        floor = revision
        maximumCount = limits.rememberedRevisionCount
        maximumSpliceCount = limits.rememberedSpliceCount
    }

    /// Remembers the next revision.
    mutating func append(_ applied: [Shape], author: ThinAuthor? = nil) {
        let item = Item(applied: applied, author: author)
        items.append(item)
        spliceCount += item.spliceCount
        dropOldest()
    }

    /// Remembers an edit of which nothing was left to do.
    mutating func appendEmpty(_ author: ThinAuthor) {
        let sent = author.sent.filter { !$0.splice.isEmpty }
        guard !sent.isEmpty, let last = items.indices.last, last >= removed else { return }
        items[last].empty.append(ThinAuthor(session: author.session, base: author.base, sent: sent))
        spliceCount += sent.count
        dropOldest()
    }

    private mutating func dropOldest() {
        while items.count - removed > maximumCount || spliceCount > maximumSpliceCount, removed < items.count {
            spliceCount -= items[removed].spliceCount
            items[removed] = Item(applied: [], author: nil)
            removed += 1
            floor = floor.next
        }
        if removed > 64, removed * 2 > items.count {
            items.removeFirst(removed)
            removed = 0
        }
    }

    /// Moves a session's edits, made against the text at `base`, over what was accepted since.
    ///
    /// What the session itself sent against the same base is part of what the edits build on; only the others' splices
    /// count.
    ///
    /// - Returns: the edits as they are to be applied now; `nil` when they are to be applied as they are.
    func move(
        _ edits: [TextEdit],
        of session: SessionID,
        base: Revision,
        steps: Int
    ) throws(Failure) -> [TextEdit]? {
        let latest = floor.rawValue + UInt64(items.count - removed)
        guard base >= floor, base.rawValue <= latest else { throw .unknownRevision }
        let first = removed + Int(base.rawValue - floor.rawValue)
        if first == items.count { return nil }

        var transform = SpliceTransform(steps: steps)
        var others: [RootName: [Splice]] = [:]
        do {
            for item in items[first...] {
                let isOwn = item.author?.session == session
                if !isOwn {
                    for shape in item.applied { Self.append(shape.splice, to: &others[shape.root, default: []]) }
                }
                let own = (isOwn ? [item.author].compactMap(\.self) : []) + item.empty.filter { $0.session == session }
                for author in own {
                    guard author.base == base else { throw Failure.mixedBases }
                    for shape in author.sent {
                        _ = try transform.move(shape.splice, over: &others[shape.root, default: []])
                    }
                }
            }
            var result: [TextEdit] = []
            for edit in edits {
                let pieces = try transform.move(Splice(edit), over: &others[edit.root, default: []])
                for piece in pieces {
                    result.append(
                        TextEdit(
                            root: edit.root,
                            utf16Offset: piece.offset,
                            deleteCount: piece.deleteCount,
                            insert: piece.insertCount > 0 ? edit.insert : []
                        )
                    )
                }
            }
            return result == edits ? nil : result
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .tooMuchWork
        }
    }

    private static func append(_ splice: Splice, to list: inout [Splice]) {
        if let last = list.indices.last, list[last].absorb(splice) { return }
        list.append(splice)
    }
}
