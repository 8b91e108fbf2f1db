import CRDT
import Foundation
import TestSupport
import Testing

@testable public import Collaboration

/// The executor of a room in tests: closures wait until the test runs them.
///
/// `@unchecked Sendable`: the list is read and written with `lock` held.
final class ManualExecutor: @unchecked Sendable {
    private let lock = NSLock()
    private var waiting: [@Sendable () -> Void] = []

    /// How many closures wait.
    var count: Int { lock.withLock { waiting.count } }

    func hop(_ body: @escaping @Sendable () -> Void) {
        lock.withLock { waiting.append(body) }
    }

    /// Runs what waits, and what that adds.
    func run() {
        while let body = lock.withLock({ waiting.isEmpty ? nil : waiting.removeFirst() }) { body() }
    }
}

/// A clock that the test sets.
///
/// `@unchecked Sendable`: read and written with `lock` held.
final class ManualClock: @unchecked Sendable {
    private let lock = NSLock()
    private var nanoseconds: UInt64 = 1_000_000_000_000

    var now: UInt64 { lock.withLock { nanoseconds } }

    func advance(milliseconds: UInt64) {
        lock.withLock { nanoseconds += milliseconds * 1_000_000 }
    }
}

/// An outbox that remembers what each participant got.
final class RecordingOutbox: RoomOutbox {
    /// Whether a turn lasts until ``endTurn()``; otherwise each event is a turn of its own.
    var hasTurns = false
    private var turnEnds: [() -> Void] = []

    /// What was delivered, in order.
    var delivered: [SessionID: [RoomEvent]] = [:]
    /// Who gets broadcasts.
    private var followers: [(session: SessionID, format: ParticipantFormat)] = []
    /// How often something was encoded: once a broadcast.
    var broadcastCount = 0
    /// Participants whose queue is full: they get one more event and fall behind.
    var congested: Set<SessionID> = []
    var wakeAt: UInt64?
    var idleCount = 0
    var failures: [StoreError] = []
    weak var room: Room?
    /// Called for each delivery, when set.
    var onDelivery: ((SessionID, RoomEvent) -> Void)?

    func send(_ event: RoomEvent, to session: SessionID) {
        delivered[session, default: []].append(event)
        onDelivery?(session, event)
        if congested.contains(session) { room?.fellBehind(session) }
    }

    func follow(_ session: SessionID, as format: ParticipantFormat) {
        precondition(!followers.contains { $0.session == session }, "\(session) follows twice")
        followers.append((session, format))
    }

    func withhold(from session: SessionID) {
        guard let index = followers.firstIndex(where: { $0.session == session }) else {
            preconditionFailure("\(session) does not follow")
        }
        followers.remove(at: index)
    }

    func broadcast(_ event: RoomEvent, to format: ParticipantFormat?, except excluded: SessionID?) {
        broadcastCount += 1
        for follower in followers where follower.session != excluded && (format == nil || follower.format == format) {
            send(event, to: follower.session)
        }
    }

    func atEndOfTurn(_ body: @escaping () -> Void) {
        if hasTurns { turnEnds.append(body) } else { body() }
    }

    /// Does what was to be done at the end of the turn.
    func endTurn() {
        let bodies = turnEnds
        turnEnds = []
        for body in bodies { body() }
    }

    func wake(at deadline: UInt64) { wakeAt = deadline }
    func roomIsIdle() { idleCount += 1 }
    func roomFailed(_ error: StoreError) { failures.append(error) }

    /// What a participant got since the last time, presence left out unless asked for.
    func take(_ session: SessionID, presence: Bool = false) -> [RoomEvent] {
        let events = delivered.removeValue(forKey: session) ?? []
        return events.filter { if case .presence = $0 { presence } else { true } }
    }
}

/// A room with everything around it played by the test.
final class RoomHarness {
    static let id = StoreConformance.name("doc")

    let store: any DocumentStore
    let executor = ManualExecutor()
    let clock = ManualClock()
    let outbox = RecordingOutbox()
    let room: Room

    /// Opens (or creates) the document.
    static func open(
        _ store: any DocumentStore = MemoryStore(.manual),
        limits: RoomLimits = .init(),
        replica: UInt64 = 1 << 40
    ) async throws -> RoomHarness {
        let stored = try await store.open(id, mayCreate: true)
        return try RoomHarness(store, stored: stored, limits: limits, replica: replica)
    }

    init(_ store: any DocumentStore, stored: StoredDocument, limits: RoomLimits, replica: UInt64) throws(RoomError) {
        self.store = store
        let environment = Room.Environment(
            store: store,
            limits: limits,
            hop: { [executor] in executor.hop($0) },
            now: { [clock] in clock.now },
            timestamp: { 1_700_000_000_000 }
        )
        room = try Room(
            id: Self.id,
            stored: stored,
            replica: ReplicaID(replica),
            environment: environment,
            outbox: outbox
        )
        outbox.room = room
    }

    /// The store, when it is the one in memory.
    var memory: MemoryStore {
        guard let memory = store as? MemoryStore else { preconditionFailure("not a MemoryStore") }
        return memory
    }

    /// Brings what waits to the disk and tells the room.
    func commit(_ count: Int = .max) {
        memory.commit(count)
        executor.run()
    }

    /// Lets time pass, and ticks as asked for.
    func advance(milliseconds: UInt64) {
        clock.advance(milliseconds: milliseconds)
        while let wakeAt = outbox.wakeAt, wakeAt <= clock.now {
            outbox.wakeAt = nil
            room.tick()
        }
    }

    @discardableResult
    func join(
        _ session: SessionID,
        role: Role = .write,
        format: ParticipantFormat = .changes,
        version: Version? = nil,
        epoch: Epoch? = nil,
        presence: [UInt8]? = nil
    ) throws -> JoinReply {
        try room.join(
            JoinRequest(
                session: session,
                user: User(id: "user-\(session)", name: "\(session)"),
                role: role,
                format: format,
                version: version,
                epoch: epoch,
                presence: presence
            )
        )
    }

    /// Sends a change and keeps what comes back.
    func change(_ bytes: [UInt8], from session: SessionID) -> Outcome<Revision> {
        let outcome = Outcome<Revision>()
        room.change(bytes, from: session) { outcome.set($0) }
        return outcome
    }

    /// Sends an edit and keeps what comes back.
    func edit(_ edits: [PathEdit], base: UInt64, from session: SessionID) -> Outcome<EditReceipt> {
        let outcome = Outcome<EditReceipt>()
        room.edit(base: Revision(base), edits: edits, from: session) { outcome.set($0) }
        return outcome
    }

    /// The text of the root that the tests use.
    var text: String { room.text(of: "body") }
}

/// What a completion said, and how often.
final class Outcome<Value> {
    private(set) var count = 0
    private(set) var result: Result<Value, RoomError>?

    func set(_ result: Result<Value, RoomError>) {
        count += 1
        self.result = result
    }

    var value: Value? { try? result?.get() }
    var error: RoomError? { if case .failure(let error) = result { error } else { nil } }
}

extension SessionID: ExpressibleByStringLiteral {
    /// A session by its name, for tests.
    public init(stringLiteral value: String) { self.init(value) }
}

/// A splice of the root that the tests use.
func splice(_ offset: Int, delete count: Int = 0, _ insert: String = "") -> PathEdit {
    op("body", .text(utf16Offset: offset, deleteCount: count, insert: Array(insert.utf16)))
}

/// An edit by path.
func op(_ path: String, _ action: PathEdit.Action) -> PathEdit {
    guard let path = ContainerPath(path) else { preconditionFailure("no path: \(path)") }
    return PathEdit(path: path, action: action)
}

/// A splice of a list.
func items(_ path: String, _ index: Int, delete count: Int = 0, _ insert: [Content] = []) -> PathEdit {
    op(path, .list(index: index, deleteCount: count, insert: insert))
}

/// A move of a list's item.
func move(_ path: String, _ from: Int, _ to: Int) -> PathEdit { op(path, .move(from: from, to: to)) }

/// A key of a map.
func set(_ path: String, _ key: String, _ content: Content?) -> PathEdit {
    op(path, .set(key: Array(key.utf8), content: content))
}

/// Says that a test went where it must not.
func fail(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
    Issue.record(Comment(rawValue: text), sourceLocation: sourceLocation)
}
