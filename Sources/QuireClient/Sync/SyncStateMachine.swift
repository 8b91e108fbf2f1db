internal import CRDT

/// What one document's client owes the server, and the server it: what to send, what is stored, what to do when it fails.
///
/// Sans-IO: events come in as calls, decisions go out as values. It knows nothing of sockets, time or text. Four promises:
///
/// - **Nothing of one's own is forgotten before the server said that it is on disk.** After a reconnect everything without
///   an ack is sent again; changes are idempotent by (replica, sequence), so nothing is duplicated.
/// - **Nothing of others' is forgotten before it is known to be on disk** (within a bound): the server broadcasts before it
///   commits, so after a crash this client may be the only one that still has a change.
/// - **What was on disk is given back to a server that lost it** (within a bound), as one that was restored from a backup did.
/// - **Nothing is merged silently into another history**: when the document's epoch changed, it says so and gives up.
///
/// An ack of revision *r* means that every revision up to *r* is on disk.
struct SyncStateMachine {
    /// The bounds.
    struct Configuration: Equatable, Sendable {
        /// Messages sent and not yet acknowledged.
        ///
        /// More than a few would only delay the refusal of the first.
        var inFlightLimit = 4
        /// The size of one message's changes, in bytes, well below the server's 1 MiB for a message.
        var batchByteLimit = 128 << 10
        /// The changes in one message, below the decoder's limit.
        var batchCountLimit = 1024
        /// One's own changes that are not stored yet, in bytes; past it edits are refused.
        var queueByteLimit = 16 << 20
        /// Others' changes that are kept because they may not be stored yet, in bytes; past it the oldest go.
        var othersByteLimit = 4 << 20
        /// Changes that are stored and kept all the same, in bytes, with 64 more for each; past it the oldest go, and a server
        /// that loses one of them loses it for good.
        var storedByteLimit = 4 << 20
        /// How often a server that lacks changes is given what we have before we take its state for ours.
        var healingLimit = 3
    }

    /// Where the conversation about the document stands.
    enum Phase: Equatable {
        case offline
        case joining
        case joined
        /// Nothing more is sent: the server will never accept what is queued.
        case failed(QuireError)
    }

    /// A message to send: a set of changes in causal order.
    struct Outgoing {
        let send: UInt64
        let changes: [Change]
    }

    /// A message that was sent and not answered: the positions it took its changes from.
    private struct InFlight {
        let send: UInt64
        let positions: Range<Int>
    }

    let configuration: Configuration
    private(set) var phase = Phase.offline
    /// The document's history that the local replica belongs to; nil before the first join.
    private(set) var epoch: String?
    /// The newest revision heard of.
    private(set) var revision: UInt64 = 0
    /// What the server said is on disk.
    private(set) var storedVersion = Version()
    private(set) var role = DocumentRole.read
    private var storedRevision: UInt64 = 0
    private var log = UnstoredLog()
    private var cursor = 0
    private var inFlight: [InFlight] = []
    private var nextSendID: UInt64 = 0
    /// After a refusal: what is in flight behind it will be refused as well; wait for that, then start over.
    private var isDraining = false
    private var isSuspended = false
    private var healingAttempts = 0

    init(configuration: Configuration = .init()) {
        self.configuration = configuration
    }

    /// One's own changes that the server has not said to be stored.
    var pendingCount: Int { self.log.ownCount }
    /// Their size in bytes.
    var pendingByteCount: Int { self.log.ownByteCount }
    /// Others' changes that are kept for the server's sake, in bytes.
    var othersByteCount: Int { self.log.othersByteCount }
    /// Messages without an answer.
    var inFlightCount: Int { self.inFlight.count }
    /// Those messages, in the order of sending.
    var inFlightSends: [UInt64] { self.inFlight.map(\.send) }
    /// Whether unsent changes wait for a role that may write.
    var isParked: Bool { self.phase == .joined && !self.role.mayWrite && self.pendingCount > 0 }

    /// Whether another change of about `byteCount` bytes fits into the queue.
    func hasRoom(for byteCount: Int) -> Bool {
        self.log.ownByteCount + byteCount <= self.configuration.queueByteLimit
    }

    /// Everything that is not stored as far as is known, one's own and others', in causal order.
    var keptChanges: [Change] {
        (self.log.settled..<self.log.end).compactMap { position in
            guard let entry = self.log[position], entry.stage != .stored else { return nil }
            return entry.change
        }
    }

    // MARK: Changes

    /// A change was made here.
    ///
    /// It will be sent.
    mutating func recordLocal(_ change: Change) {
        self.log.append(change, isOwn: true, stage: .queued)
    }

    /// Changes of others were received and are part of the replica now.
    mutating func recordRemote(_ changes: [Change], own replica: ReplicaID, revision: UInt64) {
        self.revision = max(self.revision, revision)
        for change in changes where change.replica != replica {
            self.log.append(change, isOwn: false, stage: .atServer(revision: revision))
        }
        self.log.boundOthers(
            to: self.configuration.othersByteLimit,
            keeping: self.configuration.storedByteLimit
        )
    }

    /// The server mentioned a revision.
    mutating func noticeRevision(_ revision: UInt64) {
        self.revision = max(self.revision, revision)
    }

    /// The next message to send, or nil when there is nothing to send or the window is full.
    mutating func nextSend() -> Outgoing? {
        guard self.phase == .joined, self.role.mayWrite, !self.isDraining, !self.isSuspended else { return nil }
        guard self.inFlight.count < self.configuration.inFlightLimit else { return nil }
        var changes: [Change] = []
        var byteCount = 0
        let send = self.nextSendID
        var position = max(self.cursor, self.log.settled)
        let first = position
        while position < self.log.end, changes.count < self.configuration.batchCountLimit {
            guard let entry = self.log[position], entry.stage == .queued else {
                position += 1
                continue
            }
            if !changes.isEmpty, byteCount + entry.byteCount > self.configuration.batchByteLimit { break }
            byteCount += entry.byteCount
            changes.append(entry.change)
            self.log.setStage(.inFlight(send: send), at: position)
            position += 1
        }
        self.cursor = position
        guard !changes.isEmpty else { return nil }
        self.nextSendID += 1
        self.inFlight.append(InFlight(send: send, positions: first..<position))
        return Outgoing(send: send, changes: changes)
    }

    // MARK: Answers

    /// What an ack says.
    struct Acknowledgement: Equatable {
        /// Which of one's own changes it stored, as sequences of this replica: empty when they were others'.
        var ownCount = 0
    }

    /// The server has the changes of message `send` on disk, at `revision`.
    @discardableResult
    mutating func acknowledged(send: UInt64, revision: UInt64) -> Acknowledgement {
        guard let message = self.takeInFlight(send) else { return Acknowledgement() }
        let ownBefore = self.log.ownCount
        for position in message.positions {
            guard let entry = self.log[position], entry.stage == .inFlight(send: send) else { continue }
            self.noteStored(entry.change)
            self.log.setStage(.stored, at: position)
        }
        let acknowledgement = Acknowledgement(ownCount: ownBefore - self.log.ownCount)
        self.revision = max(self.revision, revision)
        self.storedRevision = max(self.storedRevision, revision)
        self.log.settle(through: self.storedRevision, keeping: self.configuration.storedByteLimit)
        self.healingAttempts = 0
        self.finishDraining()
        return acknowledgement
    }

    /// What a refused message asks for.
    enum RefusalAction: Equatable {
        /// Nothing to do, or: go on sending.
        case proceed
        /// Wait, then call ``SyncStateMachine/resume()``.
        case retryLater
        /// The role does not allow it: the queue is kept until it does.
        case park
        /// Join again, on the same connection.
        case rejoin
        /// The server can never accept what we have: take its state, hand out what is lost.
        case rebuild(QuireError)
        /// The server can never accept this change: stop, tell the user.
        case fail(QuireError)
    }

    /// The server refused message `send`; `version` is what it has, when it said so.
    mutating func refused(send: UInt64, error: QuireError, version: Version?) -> RefusalAction {
        guard let message = self.takeInFlight(send) else { return .proceed }
        for position in message.positions where self.log[position]?.stage == .inFlight(send: send) {
            self.log.setStage(.queued, at: position)
        }
        // The positions of the messages behind it are above the cursor's new place; they are refused too, or idempotent.
        let isFirst = !self.isDraining
        self.isDraining = true
        defer { self.finishDraining() }
        switch error.code {
        case .missingChanges:
            // What was sent behind a refused message lacks that message, which says nothing about the server's state: a
            // role that falls and rises while four messages are under way refuses them in this way.
            if isFirst { self.healingAttempts += 1 }
            guard let version, self.healingAttempts <= self.configuration.healingLimit else { return .rebuild(error) }
            guard self.canGiveBack(to: version) else { return .rebuild(Self.lost) }
            self.requeue(missingFrom: version)
            return .proceed
        case .forbidden:
            self.role = min(self.role, .comment)
            return .park
        case .notJoined:
            return .rejoin
        case _ where error.retryable:
            self.isSuspended = true
            return .retryLater
        default:
            self.phase = .failed(error)
            return .fail(error)
        }
    }

    /// The wait that ``RefusalAction/retryLater`` asked for is over.
    mutating func resume() {
        self.isSuspended = false
    }

    /// The role changed.
    ///
    /// What is queued is sent as soon as the role allows it.
    mutating func roleChanged(_ role: DocumentRole) {
        self.role = role
    }

    // MARK: Joining

    /// What to tell the server when joining.
    struct JoinRequest: Equatable {
        var version: Version?
        var epoch: String?
        var revision: UInt64?
    }

    /// The socket is there (again): join, having `version`.
    mutating func join(version: Version) -> JoinRequest {
        self.abandonInFlight()
        if case .failed = self.phase { return JoinRequest() }
        self.phase = .joining
        guard let epoch = self.epoch else { return JoinRequest() }
        return JoinRequest(version: version, epoch: epoch, revision: self.revision)
    }

    /// What a join's reply asks for.
    enum JoinAction: Equatable {
        /// Apply what it carries, then send what is queued.
        case proceed
        /// The replica belongs to another history, or holds what cannot be given back: take the server's state for ours.
        case rebuild(QuireError)
    }

    /// The server's answer to a join: `version` is what it has, including what it sends along.
    mutating func joined(epoch: String, revision: UInt64, version: Version, role: DocumentRole) -> JoinAction {
        self.role = role
        self.phase = .joined
        guard let known = self.epoch else {
            self.epoch = epoch
            self.revision = revision
            return .proceed
        }
        guard known == epoch else {
            return .rebuild(
                .init(code: .init("EPOCH_CHANGED"), message: "the document was replaced by another history")
            )
        }
        // Revisions that were not on disk when the server died are given out again, so the old ones mean nothing.
        self.revision = revision
        self.storedRevision = min(self.storedRevision, revision)
        guard self.canGiveBack(to: version) else { return .rebuild(Self.lost) }
        let lacksOthers = self.requeue(missingFrom: version)
        guard role.mayWrite || !lacksOthers else {
            // Others' changes that the server lost: without the right to write we cannot give them back, and keeping them
            // would leave this replica different from everybody else's.
            return .rebuild(
                .init(code: .missingChanges, message: "the server lost changes, and the role forbids healing")
            )
        }
        return .proceed
    }

    /// The connection is gone: what was not answered will be sent again.
    mutating func disconnected() {
        self.abandonInFlight()
        if case .failed = self.phase { return }
        self.phase = .offline
    }

    /// Starts a new history: forgets the old epoch and everything queued.
    mutating func startOver() {
        self.abandonInFlight()
        self.log.removeAll()
        self.cursor = 0
        self.epoch = nil
        self.revision = 0
        self.storedRevision = 0
        self.storedVersion = Version()
        self.healingAttempts = 0
        self.isSuspended = false
        self.phase = .offline
    }

    /// Stops for good: nothing more is sent until ``startOver()``.
    mutating func fail(_ error: QuireError) {
        self.abandonInFlight()
        self.phase = .failed(error)
    }

    private static let lost = QuireError(
        code: .acknowledgedChangesLost,
        message: "the server no longer has changes that it had acknowledged, nor has this client"
    )

    // MARK: Bookkeeping

    private mutating func takeInFlight(_ send: UInt64) -> InFlight? {
        guard let index = self.inFlight.firstIndex(where: { $0.send == send }) else { return nil }
        return self.inFlight.remove(at: index)
    }

    private mutating func finishDraining() {
        guard self.isDraining, self.inFlight.isEmpty else { return }
        self.isDraining = false
        self.cursor = self.log.settled
    }

    private mutating func abandonInFlight() {
        for message in self.inFlight {
            for position in message.positions where self.log[position]?.stage == .inFlight(send: message.send) {
                self.log.setStage(.queued, at: position)
            }
        }
        self.inFlight.removeAll()
        self.isDraining = false
        self.isSuspended = false
        self.cursor = self.log.settled
    }

    private mutating func noteStored(_ change: Change) {
        let next = change.sequence + 1
        if self.storedVersion[change.replica] < next { self.storedVersion[change.replica] = next }
    }

    /// Whether each change that was acknowledged is still there, as far as a server that has `version` lacks it.
    ///
    /// O(1) while it lacks nothing.
    private func canGiveBack(to version: Version) -> Bool {
        guard !version.covers(self.storedVersion) else { return true }
        var held = Version()
        var missing = 0
        for replica in self.storedVersion.replicas {
            let next = self.storedVersion[replica]
            guard version[replica] < next else { continue }
            held[replica] = next
            missing += Int(clamping: next - version[replica])
        }
        for position in self.log.base..<self.log.end {
            guard let change = self.log[position]?.change, change.sequence < held[change.replica],
                change.sequence >= version[change.replica]
            else { continue }
            missing -= 1
        }
        // A change may be there twice: own, and as somebody else gave it back.
        return missing <= 0
    }

    /// Queues what is kept and the server, having `version`, lacks: also what was stored.
    ///
    /// Returns whether that includes others' changes.
    ///
    /// One's own changes that it has are queued all the same: having is not storing, and only an ack tells. They are at most
    /// what was in flight, and the server answers duplicates without storing them again.
    @discardableResult
    private mutating func requeue(missingFrom version: Version) -> Bool {
        var lacksOthers = false
        for position in self.log.base..<self.log.end {
            guard let entry = self.log[position] else { continue }
            let isKnown = entry.change.sequence < version[entry.change.replica]
            if entry.stage == .stored, !isKnown {
                self.log.revive(at: position)
                if !entry.isOwn { lacksOthers = true }
            }
            guard !entry.isOwn else { continue }
            switch entry.stage {
            case .queued where isKnown, .atServer where isKnown:
                self.log.setStage(.atServer(revision: self.revision), at: position)
            case .queued, .atServer:
                self.log.setStage(.queued, at: position)
                lacksOthers = true
            case .inFlight, .stored:
                break
            }
        }
        self.cursor = self.log.settled
        return lacksOthers
    }
}
