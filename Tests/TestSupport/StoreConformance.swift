public import Collaboration
internal import Foundation

/// What every `DocumentStore` must do; each store's tests run all of it.
///
///     @Test("The store does what DocumentStore demands", arguments: StoreConformance.checks)
///     func conforms(check: StoreConformance.Check) async throws { try await check.run(makeStore()) }
public enum StoreConformance {
    /// One rule, checked.
    public struct Check: Sendable, CustomStringConvertible {
        /// The rule as a sentence.
        public let description: String
        /// Checks it on a fresh store; throws ``Violation``.
        public let run: @Sendable (any DocumentStore) async throws -> Void
    }

    /// A rule that does not hold.
    public struct Violation: Error, CustomStringConvertible {
        /// What was expected and what was found.
        public let description: String
    }

    /// All rules.
    public static let checks: [Check] = [
        Check(description: "A document that was never created is nil, not empty") { store in
            try expect(try await store.load(name("a")) == nil, "an unknown document must be nil")
        },
        Check(description: "A created document is empty and has its epoch") { store in
            try await store.create(name("a"), epoch: Epoch("e1"))
            try expectEqual(try await store.load(name("a")), StoredDocument(epoch: Epoch("e1")))
        },
        Check(description: "A document is created once") { store in
            try await store.create(name("a"), epoch: Epoch("e1"))
            do {
                try await store.create(name("a"), epoch: Epoch("e2"))
                throw Violation(description: "the second create succeeded")
            } catch let error as StoreError {
                try expectEqual(error.code, .conflict)
            }
            try expectEqual(try await store.load(name("a"))?.epoch, Epoch("e1"))
        },
        Check(description: "What was acknowledged is loaded, in order and byte by byte") { store in
            try await store.create(name("a"), epoch: Epoch("e"))
            let entries = (1...50).map { entry("a", UInt64($0)) }
            for entry in entries { try await append(entry, to: store).get() }
            try expectEqual(try await store.load(name("a")), StoredDocument(epoch: Epoch("e"), entries: entries))
        },
        Check(description: "Load sees what was enqueued before it") { store in
            try await store.create(name("a"), epoch: Epoch("e"))
            let entries = (1...200).map { entry("a", UInt64($0)) }
            for entry in entries { store.append(entry) { _ in } }
            try expectEqual(try await store.load(name("a"))?.entries.count, entries.count)
        },
        Check(description: "Completions come in order, each once, and never from within the call") { store in
            try await store.create(name("a"), epoch: Epoch("e"))
            let recorder = Recorder()
            for revision in 1...500 {
                recorder.entering(true)
                store.append(entry("a", UInt64(revision))) { recorder.note(revision, $0) }
                recorder.entering(false)
            }
            _ = try await store.load(name("a"))
            try expectEqual(recorder.succeeded, Array(1...500))
            try expect(!recorder.wasReentered, "a completion was called from within append")
        },
        Check(description: "A revision that does not follow is refused, and so is everything later until a load") {
            store in
            try await store.create(name("a"), epoch: Epoch("e"))
            try await store.create(name("b"), epoch: Epoch("e"))
            try await append(entry("a", 1), to: store).get()
            try expectFailure(await append(entry("a", 3), to: store), .conflict)
            try expectFailure(await append(entry("a", 2), to: store), .poisoned)
            let snapshot = StoredSnapshot(revision: Revision(1), bytes: [1])
            try expectFailure(await save(snapshot, of: "a", in: store), .poisoned)
            try await append(entry("b", 1), to: store).get()
            try expectEqual(try await store.load(name("a"))?.revision, Revision(1))
            try await append(entry("a", 2), to: store).get()
            try expectEqual(try await store.load(name("a"))?.entries, [entry("a", 1), entry("a", 2)])
        },
        Check(description: "An entry of an unknown document is refused and makes no document") { store in
            try expectFailure(await append(entry("a", 1), to: store), .unknownDocument)
            try expect(try await store.load(name("a")) == nil, "the entry made a document")
        },
        Check(description: "Load gives the newest snapshot and what came after") { store in
            try await store.create(name("a"), epoch: Epoch("e"))
            for revision in 1...10 { try await append(entry("a", UInt64(revision)), to: store).get() }
            let snapshot = StoredSnapshot(revision: Revision(7), bytes: [7, 7])
            try await save(snapshot, of: "a", in: store).get()
            let expected = (8...10).map { entry("a", UInt64($0)) }
            try expectEqual(
                try await store.load(name("a")),
                StoredDocument(epoch: Epoch("e"), snapshot: snapshot, entries: expected)
            )
            try await append(entry("a", 11), to: store).get()
            try expectEqual(try await store.load(name("a"))?.revision, Revision(11))
        },
        Check(description: "A snapshot may be of a revision before the last, not after it") { store in
            try await store.create(name("a"), epoch: Epoch("e"))
            try await append(entry("a", 1), to: store).get()
            try expectFailure(
                await save(StoredSnapshot(revision: Revision(2), bytes: []), of: "a", in: store),
                .conflict
            )
            try await append(entry("a", 2), to: store).get()
            try expectEqual(try await store.load(name("a"))?.entries.count, 2)
        },
        Check(description: "Documents do not mix") { store in
            for id in ["a", "b"] { try await store.create(name(id), epoch: Epoch(id)) }
            for revision in 1...20 {
                try await append(entry("a", UInt64(revision)), to: store).get()
                try await append(entry("b", UInt64(revision)), to: store).get()
            }
            try expectEqual(try await store.load(name("b"))?.entries, (1...20).map { entry("b", UInt64($0)) })
        },
        Check(description: "The list is in order, and can be read on from a name") { store in
            for id in ["c", "a", "b"] { try await store.create(name(id), epoch: Epoch("e")) }
            try await append(entry("b", 1), to: store).get()
            let all = try await store.list(after: nil, limit: 10)
            try expectEqual(all.map(\.id.rawValue), ["a", "b", "c"])
            try expectEqual(all.map(\.revision), [.zero, Revision(1), .zero])
            try expectEqual(try await store.list(after: name("a"), limit: 1).map(\.id.rawValue), ["b"])
        },
        Check(description: "A deleted document is gone, its epoch is remembered, and its name is free") { store in
            try await store.create(name("a"), epoch: Epoch("e1"))
            try await append(entry("a", 1), to: store).get()
            try await save(StoredSnapshot(revision: Revision(1), bytes: [1]), of: "a", in: store).get()
            try await store.delete(name("a"))
            try expect(try await store.load(name("a")) == nil, "a deleted document was loaded")
            try expectEqual(try await store.wasDeleted(name("a"), epoch: Epoch("e1")), true)
            try expectEqual(try await store.wasDeleted(name("a"), epoch: Epoch("e2")), false)
            do {
                try await store.delete(name("a"))
                throw Violation(description: "what was not there was deleted")
            } catch let error as StoreError {
                try expectEqual(error.code, .unknownDocument)
            }
            try expectFailure(await append(entry("a", 2), to: store), .unknownDocument)
            _ = try await store.load(name("a"))
            try await store.create(name("a"), epoch: Epoch("e2"))
            try await append(entry("a", 1), to: store).get()
            try expectEqual(
                try await store.load(name("a")),
                StoredDocument(epoch: Epoch("e2"), entries: [entry("a", 1)])
            )
        },
        Check(description: "Close writes what waits and then refuses") { store in
            try await store.create(name("a"), epoch: Epoch("e"))
            let recorder = Recorder()
            for revision in 1...100 { store.append(entry("a", UInt64(revision))) { recorder.note(revision, $0) } }
            await store.close()
            try expectEqual(recorder.succeeded, Array(1...100))
            try expectFailure(await append(entry("a", 101), to: store), .closed)
            await store.close()
        },
    ]

    /// Some entry.
    public static func entry(_ id: String, _ revision: UInt64) -> LogEntry {
        LogEntry(
            document: name(id),
            revision: Revision(revision),
            changes: (0..<Int(revision % 40)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(revision)) },
            user: "user-\(revision % 3)",
            timestamp: 1_700_000_000_000 + Int64(revision)
        )
    }

    /// A document's name.
    public static func name(_ id: String) -> DocumentID {
        guard let name = DocumentID(id) else { preconditionFailure("\(id) is no document name") }
        return name
    }

    /// Appends and waits.
    public static func append(_ entry: LogEntry, to store: any DocumentStore) async -> Result<Void, StoreError> {
        await withCheckedContinuation { continuation in
            store.append(entry) { continuation.resume(returning: $0) }
        }
    }

    /// Saves and waits.
    public static func save(
        _ snapshot: StoredSnapshot,
        of id: String,
        keepingEntries: Int = 0,
        in store: any DocumentStore
    ) async -> Result<Void, StoreError> {
        await withCheckedContinuation { continuation in
            store.saveSnapshot(snapshot, of: name(id), keepingEntries: keepingEntries) {
                continuation.resume(returning: $0)
            }
        }
    }

    private static func expect(_ condition: Bool, _ text: String) throws {
        if !condition { throw Violation(description: text) }
    }

    private static func expectEqual<Value: Equatable>(_ found: Value, _ expected: Value) throws {
        if found != expected { throw Violation(description: "expected \(expected), found \(found)") }
    }

    private static func expectFailure(_ result: Result<Void, StoreError>, _ code: StoreError.Code) throws {
        guard case .failure(let error) = result else {
            throw Violation(description: "expected \(code.rawValue), but it succeeded")
        }
        try expectEqual(error.code, code)
    }
}

/// Collects completions.
///
/// `@unchecked Sendable`: everything is read and written with `lock` held.
private final class Recorder: @unchecked Sendable {
    private let lock = NSLock()
    private var callingThread: Thread?
    private var noted: [Int] = []
    private var reentered = false

    var succeeded: [Int] { lock.withLock { noted } }
    var wasReentered: Bool { lock.withLock { reentered } }

    func entering(_ isEntering: Bool) {
        lock.withLock { callingThread = isEntering ? Thread.current : nil }
    }

    func note(_ revision: Int, _ result: Result<Void, StoreError>) {
        lock.withLock {
            if Thread.current === callingThread { reentered = true }
            if case .success = result { noted.append(revision) }
        }
    }
}
