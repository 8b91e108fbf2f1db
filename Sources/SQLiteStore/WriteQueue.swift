internal import Collaboration
internal import Foundation
internal import GRDB

/// What waits for the writer.
enum WriteItem: Sendable {
    typealias Completion = @Sendable (Result<Void, StoreError>) -> Void

    /// One entry of a log.
    case append(LogEntry, Completion)
    /// An entry that did not fit into the queue. It stands in line like any other, so that completions keep their order
    /// and what follows it fails.
    case refused(DocumentID, Completion)
    /// A snapshot, and how many entries stay.
    case snapshot(StoredSnapshot, DocumentID, keepingEntries: Int, Completion)
    /// A new document.
    case create(DocumentID, DocumentRow, Completion)
    /// Somebody loads the document: what came before is done, and what comes after is a fresh start.
    case barrier(DocumentID, Completion)
    /// Rows that were found damaged.
    case quarantine([DamagedRow], Completion)
    /// Anything else, in a transaction of its own.
    case job(WriteJob, Completion)

    var completion: Completion {
        switch self {
        case .append(_, let completion), .refused(_, let completion), .snapshot(_, _, _, let completion),
            .create(_, _, let completion), .barrier(_, let completion), .quarantine(_, let completion),
            .job(_, let completion):
            completion
        }
    }

    /// About how much memory it holds.
    var byteCount: Int {
        switch self {
        case .append(let entry, _): entry.changes.count + 256
        case .snapshot(let snapshot, _, _, _): snapshot.bytes.count + 256
        case .refused, .create, .barrier, .quarantine, .job: 0
        }
    }
}

/// Statements that are done together or not at all.
struct WriteJob: Sendable {
    /// The document whose row it takes away; what is remembered of that is forgotten.
    var removes: DocumentID?
    /// The statements; what they throw undoes them.
    var run: @Sendable (Database) throws -> Void
}

/// The line in front of the writer: many producers, one consumer that takes everything at once.
///
/// `@unchecked Sendable`: everything mutable is read and written with `condition` held, and it is held for a few
/// instructions only. The bound is on what waits; as much again may be in the writer's hands.
final class WriteQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private let maximumByteCount: Int
    private var items: [WriteItem] = []
    private var byteCount = 0
    private var isClosed = false

    init(maximumByteCount: Int) {
        self.maximumByteCount = maximumByteCount
    }

    /// Puts an item in line.
    ///
    /// Never waits for the disk.
    func enqueue(_ item: WriteItem) {
        condition.lock()
        if isClosed {
            condition.unlock()
            // Never from within the call, as the protocol promises; there is no writer any more to say it.
            return DispatchQueue.global().async {
                item.completion(.failure(StoreError(.closed, "the store is closed")))
            }
        }
        if case .append(let entry, let completion) = item, byteCount + item.byteCount > maximumByteCount {
            items.append(.refused(entry.document, completion))
        } else {
            items.append(item)
            byteCount += item.byteCount
        }
        condition.signal()
        condition.unlock()
    }

    /// How many bytes wait.
    var waitingByteCount: Int {
        condition.lock()
        defer { condition.unlock() }
        return byteCount
    }

    /// Takes everything that waits; waits itself while there is nothing, for so many seconds.
    ///
    /// Empty when the time is over; `nil` when closed and empty.
    func takeAll(within seconds: Double) -> [WriteItem]? {
        condition.lock()
        defer { condition.unlock() }
        let end = Date(timeIntervalSinceNow: seconds)
        while items.isEmpty {
            if isClosed { return nil }
            if !condition.wait(until: end) { break }
        }
        var taken: [WriteItem] = []
        swap(&taken, &items)
        byteCount = 0
        return taken
    }

    /// Refuses what comes from now on.
    func close() {
        condition.lock()
        isClosed = true
        condition.signal()
        condition.unlock()
    }
}
