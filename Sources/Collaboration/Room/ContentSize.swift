internal import CRDT

/// About how many bytes of content a document has: what its limit is about.
///
/// A code unit of text is two, a value sixteen and what its string or bytes have. Of values that go away the size is not
/// known, so with lists and maps the number grows too fast; when it reaches the limit, it is counted anew.
struct ContentSize {
    /// The most there may be.
    private(set) var byteCount = 0
    /// How much of it came since it was counted, and may have gone again.
    private var uncertain = 0

    private static let valueByteCount = 16

    init() {}

    /// Counts a document.
    ///
    /// - Complexity: O(n) for n values and units of text.
    init(_ document: borrowing Document) {
        for root in document.roots { byteCount += Self.count(document.content(of: root) ?? .null) }
    }

    /// Whether counting anew is worth it: since it was last done, a sixteenth of `limit` came.
    func isStale(for limit: Int) -> Bool { uncertain > limit / 16 }

    /// Takes up what happened.
    mutating func add(_ patch: Patch) {
        switch patch {
        case .text(let patch): add(text: patch.insert.count - patch.deleteCount)
        case .list(let patch):
            guard case .splice(_, _, let insert) = patch.action else { return }
            for value in insert { add(value) }
        case .map(let patch):
            if let value = patch.value { add(value) }
        }
    }

    /// Takes up an edit.
    mutating func add(_ edit: PathEdit) {
        let growth = Self.growth(edit)
        byteCount += growth
        switch edit.action {
        case .text, .move: break
        case .list, .set: uncertain += growth
        }
    }

    private mutating func add(text unitCount: Int) { byteCount += 2 * unitCount }

    private mutating func add(_ value: Value) {
        let count =
            switch value {
            case .string(let bytes), .bytes(let bytes): Self.valueByteCount + bytes.count
            case .null, .bool, .number, .container: Self.valueByteCount
            }
        byteCount += count
        uncertain += count
    }

    /// The size of one edit: how much the document has more by it, at most.
    static func growth(_ edit: PathEdit) -> Int {
        switch edit.action {
        case .text(_, let deleteCount, let insert): 2 * (insert.count - deleteCount)
        case .list(_, _, let insert): insert.reduce(0) { $0 + count($1) }
        case .move: 0
        case .set(_, let content): content.map(count) ?? 0
        }
    }

    private static func count(_ content: Content) -> Int {
        switch content {
        case .null, .bool, .number: valueByteCount
        case .string(let bytes), .bytes(let bytes): valueByteCount + bytes.count
        case .text(let units): valueByteCount + 2 * units.count
        case .list(let items): items.reduce(valueByteCount) { $0 + count($1) }
        case .map(let entries): entries.reduce(valueByteCount) { $0 + $1.key.count + count($1.content) }
        }
    }
}
