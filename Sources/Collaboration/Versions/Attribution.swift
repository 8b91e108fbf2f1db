public import CRDT

/// Who wrote which part of a text, as far back as the log is kept.
///
/// The log is replayed, and each revision's splices are noted with its author: exact, whatever client wrote, and nothing has
/// to be kept for it. What is older than the log has no author.
public struct Attribution {
    /// A part of the text that one revision wrote.
    public struct Segment: Hashable, Sendable {
        /// How long it is, in UTF-16 code units.
        public var utf16Count: Int
        /// Who wrote it, when and in which revision; `nil` for what is older than the log.
        public var origin: Origin?
    }

    /// Where a part of a text comes from.
    public struct Origin: Hashable, Sendable {
        /// The id of the user.
        public var user: String
        /// When, in milliseconds since 1970.
        public var timestamp: Int64
        /// The revision.
        public var revision: Revision
    }

    /// The last revision that was replayed.
    public let revision: Revision
    /// The parts, in order.
    public private(set) var segments: [Segment] = []

    /// Replays a log.
    ///
    /// - Parameters:
    ///   - stored: as much of the log as there is.
    ///   - id: whose it is.
    ///   - root: the text.
    /// - Throws: `DAMAGED`, `UNSUPPORTED_FORMAT`.
    /// - Complexity: O(e · s) for e splices of the text in the log and s parts it has.
    public init(_ stored: StoredDocument, of id: DocumentID, root: RootName) throws(RoomError) {
        let text = TextID(root)
        revision = stored.revision
        var base = stored
        base.entries = []
        let loaded = try LoadedDocument(base, of: id, replica: ReplicaID(1))
        var document = loaded.document
        let count = document.utf16Count(of: text)
        if count > 0 { segments = [Segment(utf16Count: count, origin: nil)] }
        for entry in stored.entries {
            let origin = Origin(user: entry.user, timestamp: entry.timestamp, revision: entry.revision)
            for patch in try LoadedDocument.replay(entry, on: &document, of: id) {
                guard case .text(let patch) = patch, patch.text == text else { continue }
                replace(patch.utf16Offset, patch.deleteCount, by: patch.insert.count, origin)
            }
        }
    }

    /// The parts within a range of the text, cut to it; the first begins at the range's start.
    public func segments(in range: Range<Int>) -> [Segment] {
        var found: [Segment] = []
        var offset = 0
        for segment in segments {
            let end = offset + segment.utf16Count
            let count = min(end, range.upperBound) - max(offset, range.lowerBound)
            if count > 0 { found.append(Segment(utf16Count: count, origin: segment.origin)) }
            offset = end
        }
        return found
    }

    private mutating func replace(_ offset: Int, _ deleteCount: Int, by insertCount: Int, _ origin: Origin) {
        let first = split(at: offset)
        let end = split(at: offset + deleteCount)
        var inserted = insertCount > 0 ? [Segment(utf16Count: insertCount, origin: origin)] : []
        // One person who types on makes one part, not one for each keystroke.
        var lower = first
        if first > 0, insertCount > 0, segments[first - 1].origin?.user == origin.user {
            lower -= 1
            inserted[0].utf16Count += segments[lower].utf16Count
        }
        segments.replaceSubrange(lower..<max(end, lower), with: inserted)
    }

    /// Makes a part begin at an offset; its index.
    private mutating func split(at offset: Int) -> Int {
        var start = 0
        for index in segments.indices {
            if start == offset { return index }
            let count = segments[index].utf16Count
            if offset < start + count {
                var rest = segments[index]
                rest.utf16Count = start + count - offset
                segments[index].utf16Count = offset - start
                segments.insert(rest, at: index + 1)
                return index + 1
            }
            start += count
        }
        return segments.count
    }
}
