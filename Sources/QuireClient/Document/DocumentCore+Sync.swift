internal import CRDT
internal import Logging
internal import NIOCore
internal import SocketIOProtocol

/// Joining, sending, and what comes back.
extension DocumentCore {
    // MARK: Joining

    /// The socket is in the namespace: join the room.
    func connected(through link: any DocumentLink) {
        guard self.state != .closed else { return }
        self.link = link
        self.sendJoin()
    }

    /// The socket is gone.
    func disconnected() {
        guard self.state != .closed else { return }
        self.generation += 1
        self.link = nil
        self.isSyncing = false
        self.sync.disconnected()
        self.updateState()
    }

    func sendJoin() {
        if case .failed = self.sync.phase { return }
        guard let link = self.link else { return }
        self.generation += 1
        self.isSyncing = false
        let generation = self.generation
        let request = self.sync.join(version: self.receivedVersion)
        self.updateState()
        link.request("join", [DocsMessages.join(self.id, request, presence: self.presence)]) { [weak self] result in
            guard let self, self.generation == generation else { return }
            guard case .success(let arguments) = result else { return }
            switch DocsMessages.reply(arguments) {
            case .success(let json): self.joined(json)
            case .failure(let refusal): self.joinRefused(refusal)
            }
        }
    }

    private func joinRefused(_ refusal: DocsMessages.Refusal) {
        self.logger.debug("join refused", metadata: ["doc": "\(self.id)", "code": "\(refusal.error.code)"])
        guard refusal.error.retryable else {
            self.sync.fail(refusal.error)
            self.updateState()
            return
        }
        self.retryLater(refusal) { $0.sendJoin() }
    }

    private func joined(_ json: JSON) {
        let reply: DocsMessages.JoinReply
        do {
            reply = try DocsMessages.joinReply(json)
        } catch {
            self.link?.restart(error)
            return
        }
        let roleBefore = self.sync.role
        let isFirst = self.sync.epoch == nil
        let action = self.sync.joined(
            epoch: reply.epoch,
            revision: reply.revision,
            version: reply.version,
            role: reply.role
        )
        switch action {
        case .proceed: break
        case .rebuild(let reason):
            self.rebuild(reason)
            return
        }
        self.retryBackoff.reset()
        self.session = reply.session
        self.participants = .init(reply.members.map { ($0.session, $0) }, uniquingKeysWith: { $1 })
        switch reply.payload {
        case .changes(let bytes): self.receive(bytes, revision: reply.revision)
        case .snapshot(let bytes): self.receiveSnapshot(bytes, revision: reply.revision)
        }
        self.link?.settled()
        if isFirst || reply.role != roleBefore { self.emit(.role(reply.role)) }
        self.emit(.presence(updated: reply.members, left: []))
        self.pump()
    }

    /// Takes the server's state for ours: the replica starts empty under a new id, what only it had is handed out.
    func rebuild(_ reason: QuireError) {
        self.logger.warning("document rebuilt from the server", metadata: ["doc": "\(self.id)", "reason": "\(reason)"])
        var content: [ContainerID: Content] = [:]
        for root in self.document.roots { content[root] = self.document.content(of: root) }
        let discarded = DiscardedWork(reason: reason, content: content, pendingCount: self.sync.pendingCount)
        self.document = Document(replica: ReplicaID.random(using: &self.random))
        self.document.undoLimit = self.options.undoLimit
        if self.held != nil { self.held = HeldChanges(version: Version()) }
        self.sync.startOver()
        self.emit(.discarded(discarded))
        self.link?.leave(self.id)
        self.sendJoin()
    }

    // MARK: Sending

    /// Sends at the end of the loop's tick, so that all edits of one tick travel together.
    func schedulePump() {
        guard !self.isPumpScheduled else { return }
        self.isPumpScheduled = true
        self.eventLoop.assumeIsolated().execute {
            self.isPumpScheduled = false
            self.pump()
        }
    }

    /// Sends what there is to send, as far as the window allows.
    func pump() {
        guard let link = self.link else { return }
        while let message = self.sync.nextSend() {
            let generation = self.generation
            let sentAt = NIODeadline.now()
            let arguments: [JSON] = [.string(self.id), .binary(ChangeSet.encode(message.changes))]
            link.request("change", arguments) { [weak self] result in
                guard let self, self.generation == generation, case .success(let arguments) = result else { return }
                switch DocsMessages.reply(arguments) {
                case .success(let json):
                    self.acknowledged(message, revision: json.revision, sentAt: sentAt)
                case .failure(let refusal):
                    self.refused(message, refusal)
                }
            }
        }
        self.updateState()
    }

    private func acknowledged(_ message: SyncStateMachine.Outgoing, revision: UInt64?, sentAt: NIODeadline) {
        guard let revision else {
            self.link?.restart(.violation("an ack to change without rev"))
            return
        }
        self.retryBackoff.reset()
        self.sync.acknowledged(send: message.send, revision: revision)
        let stored = Dictionary(grouping: message.changes, by: \.replica)
        let latency = UInt64(max(0, (NIODeadline.now() - sentAt).nanoseconds))
        for (replica, changes) in stored where self.isOwn(replica) {
            self.emit(
                .stored(
                    StoredChanges(
                        replica: replica,
                        sequences: changes.map(\.sequence),
                        revision: revision,
                        latency: latency
                    )
                )
            )
        }
        self.pump()
    }

    private func refused(_ message: SyncStateMachine.Outgoing, _ refusal: DocsMessages.Refusal) {
        self.logger.debug("change refused", metadata: ["doc": "\(self.id)", "code": "\(refusal.error.code)"])
        let roleBefore = self.sync.role
        switch self.sync.refused(send: message.send, error: refusal.error, version: refusal.version) {
        case .proceed: self.pump()
        case .retryLater:
            self.retryLater(refusal) { core in
                core.sync.resume()
                core.pump()
            }
        case .park:
            if self.sync.role != roleBefore { self.emit(.role(self.sync.role)) }
        case .rejoin: self.sendJoin()
        case .rebuild(let reason): self.rebuild(reason)
        case .fail(let error):
            self.logger.error(
                "the server refuses a change for good",
                metadata: ["doc": "\(self.id)", "error": "\(error)"]
            )
        }
        self.updateState()
    }

    private func retryLater(_ refusal: DocsMessages.Refusal, _ body: @escaping (DocumentCore) -> Void) {
        let generation = self.generation
        let drawn = Int64(clamping: self.retryBackoff.next(using: &self.random))
        let asked = Int64(clamping: refusal.retryAfterMilliseconds ?? 0) * 1_000_000
        self.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(max(drawn, asked))) { [weak self] in
            guard let self, self.generation == generation else { return }
            body(self)
        }
    }

    // MARK: Receiving

    private func isOwn(_ replica: ReplicaID) -> Bool {
        replica == self.document.replica || self.formerReplicas.contains(replica)
    }

    /// Takes in a set of changes from the server.
    func receive(_ bytes: [UInt8], revision: UInt64) {
        let changes: [Change]
        do {
            // A server that has nothing to send may say so with no bytes at all.
            changes = bytes.isEmpty ? [] : try ChangeSet.decode(bytes)
        } catch {
            self.link?.restart(.violation("malformed changes: \(error.code)"))
            return
        }
        guard !changes.isEmpty else {
            self.sync.noticeRevision(revision)
            self.waiters.update(self)
            return
        }
        if self.held != nil {
            let (kept, hasGap) = self.held?.receive(changes) ?? ([], false)
            self.sync.recordRemote(kept, own: self.document.replica, revision: revision)
            if hasGap { self.requestSync() }
        } else {
            var patches: [Patch] = []
            do {
                let receipt = try self.document.receive(changes, patches: &patches)
                self.sync.recordRemote(receipt.applied, own: self.document.replica, revision: revision)
                if receipt.waiting > 0 { self.requestSync() }
            } catch {
                // The server validated it: one of us is broken, and its state is the one that others see.
                self.emitPatches(patches)
                self.rebuild(.violation("a change of the server is refused: \(error.code)"))
                return
            }
            self.emitPatches(patches)
        }
        self.waiters.update(self)
    }

    private func emitPatches(_ patches: [Patch]) {
        if !patches.isEmpty { self.emit(.patches(patches)) }
    }

    /// Takes in the server's whole state: the changes since would have been larger.
    private func receiveSnapshot(_ bytes: [UInt8], revision: UInt64) {
        if self.held != nil {
            self.requestSync()
            return
        }
        // A fresh id: the old one's changes may be missing from the snapshot, and one id never continues from two states.
        var fresh: Document
        do {
            fresh = try Document(snapshot: bytes, replica: ReplicaID.random(using: &self.random))
        } catch {
            self.link?.restart(.violation("a malformed snapshot: \(error.code)"))
            return
        }
        var ignored: [Patch] = []
        do {
            _ = try fresh.receive(self.sync.keptChanges, patches: &ignored)
        } catch {
            self.rebuild(.violation("own changes do not fit the server's snapshot: \(error.code)"))
            return
        }
        let patches = Patch.replacing(self.document, by: fresh)
        self.formerReplicas.insert(self.document.replica)
        self.document = fresh
        self.document.undoLimit = self.options.undoLimit
        self.sync.noticeRevision(revision)
        self.emitPatches(patches)
        self.waiters.update(self)
    }

    /// Asks for what is missing between what we have and what came.
    func requestSync() {
        guard !self.isSyncing, let link = self.link else { return }
        self.isSyncing = true
        let generation = self.generation
        link.request("sync", [DocsMessages.sync(self.id, version: self.receivedVersion)]) { [weak self] result in
            guard let self, self.generation == generation else { return }
            self.isSyncing = false
            guard case .success(let arguments) = result else { return }
            switch DocsMessages.reply(arguments) {
            case .success(let json):
                self.synced(json)
            case .failure(let refusal):
                self.link?.restart(refusal.error)
            }
        }
    }

    private func synced(_ json: JSON) {
        guard let revision = json.revision else {
            self.link?.restart(.violation("a reply to sync without rev"))
            return
        }
        if let bytes = json["changes"]?.bytesValue {
            self.receive(bytes, revision: revision)
        } else if let bytes = json["snapshot"]?.bytesValue {
            guard self.held == nil else {
                let message = "the server no longer has single changes, which a document that holds changes back needs"
                self.sync.fail(QuireError(code: .missingChanges, message: message))
                self.updateState()
                return
            }
            self.receiveSnapshot(bytes, revision: revision)
            self.pump()
        } else {
            self.link?.restart(.violation("a reply to sync with nothing in it"))
        }
    }

    // MARK: Events

    /// An event of this document's room; `arguments` without the document's id.
    func handle(_ event: String, _ arguments: ArraySlice<JSON>) {
        let first = arguments.first ?? .null
        let second = arguments.dropFirst().first ?? .null
        switch event {
        case "change":
            // While a join is under way its reply will hold this change, and the versions that decide about healing are
            // compared without it.
            guard self.sync.phase == .joined, let bytes = first.bytesValue, let revision = second.revision else {
                return
            }
            self.receive(bytes, revision: revision)
        case "presence":
            let updated = (first.arrayValue ?? []).compactMap(Participant.init)
            let left = (second.arrayValue ?? []).compactMap(\.stringValue)
            for participant in updated { self.participants[participant.session] = participant }
            for session in left { self.participants[session] = nil }
            self.emit(.presence(updated: updated, left: left))
        case "signal":
            let sender = Participant(first) ?? self.participant(first["session"]?.stringValue ?? "")
            self.emit(.signal(from: sender, payload: second))
        case "role":
            guard let role = first["role"]?.stringValue.flatMap(DocumentRole.init(rawValue:)) else { return }
            self.sync.roleChanged(role)
            self.emit(.role(role))
            self.pump()
        case "reset" where first["reason"]?.stringValue == QuireError.Code.kicked.rawValue:
            // To come back at once would make nothing of it; what is not stored stays in the document.
            self.sync.fail(QuireError(code: .kicked, message: "somebody who manages the document put this client out"))
            self.updateState()
        case "reset":
            // The room forgot what it had not stored, or has another history: joining again tells which.
            self.sendJoin()
        default:
            break
        }
    }
}
