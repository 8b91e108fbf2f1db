public import CRDT

extension Room {
    /// Admits a participant; one that is there already is replaced.
    ///
    /// `completion` is called once, on the room's executor, mostly before this returns.
    ///
    /// A snapshot is held back until everything in it is durable, and the participant's events with it: a client that
    /// took in a snapshot could not give its changes back singly if a crash took them from the server. What it misses
    /// meanwhile follows as one change set.
    ///
    /// Fails with `ROOM_FULL`, `TOO_LARGE` (presence), `ROOM_CLOSED`, `STORE_FAILED`.
    public func join(_ request: JoinRequest, completion: @escaping (Result<JoinReply, RoomError>) -> Void) {
        let reply: JoinReply
        do throws(RoomError) {
            reply = try join(request)
        } catch {
            return completion(.failure(error))
        }
        holdBackSnapshot(reply.catchUp, from: request.session) { completion($0.map(Result.failure) ?? .success(reply)) }
    }

    /// Calls `deliver` at once, unless a snapshot must wait for the disk (see ``join(_:completion:)``).
    private func holdBackSnapshot(_ catchUp: CatchUp, from session: SessionID, deliver: @escaping (RoomError?) -> Void)
    {
        guard case .snapshot = catchUp, !pendingCommits.isEmpty else { return deliver(nil) }
        let order = participants[session]?.order
        // Whether it is slow, and who left while it was behind already, stays true.
        var behind = participants[session]?.behind ?? .init(version: document.version, revision: revision)
        (behind.version, behind.revision) = (document.version, revision)
        behind.awaitedSnapshots += 1
        setBehind(behind, of: session)
        acknowledgeWhenDurable { [unowned self] error in
            if let error { return deliver(error) }
            guard let participant = participants[session], participant.order == order else {
                return deliver(RoomError(.notJoined, "the participant left before it got the document"))
            }
            deliver(nil)
            guard var behind = participants[session]?.behind, behind.awaitedSnapshots > 0 else { return }
            behind.awaitedSnapshots -= 1
            setBehind(behind, of: session)
            bringUpToDate(session)
        }
    }

    /// Admits a participant and answers at once; see ``join(_:completion:)``, which also waits where it should.
    ///
    /// Others hear of it with the next presence broadcast.
    ///
    /// - Throws: `ROOM_FULL`, `TOO_LARGE` (presence), `ROOM_CLOSED`.
    func join(_ request: JoinRequest) throws(RoomError) -> JoinReply {
        try requireOpen()
        try checkPresence(request.presence)
        if participants[request.session] == nil, participants.count >= environment.limits.memberCount {
            throw RoomError(.roomFull, "the room has \(participants.count) participants")
        }
        let knows = request.format == .changes && request.epoch == epoch
        let version = knows ? request.version : nil
        let catchUp: CatchUp
        switch request.format {
        case .changes: catchUp = self.catchUp(since: version)
        case .content: catchUp = .content(content)
        }
        var recovered = false
        if version != nil, case .changes = catchUp { recovered = true }

        let isNew = participants[request.session] == nil
        if !isNew { takeOut(request.session) }
        participants.insert(request)
        if isNew { environment.observer?.participantJoined(id, request.session, request.user) }
        outbox.follow(request.session, as: request.format)
        presence.noteChanged(request.session)
        idleSince = nil
        scheduleWake()
        return JoinReply(
            role: request.role,
            epoch: epoch,
            revision: revision,
            version: document.version,
            recovered: recovered,
            members: participants.members,
            catchUp: catchUp
        )
    }

    /// Takes a participant out; nothing happens when it is not there.
    public func leave(_ session: SessionID) {
        guard remove(session) else { return }
        presence.noteLeft(session)
        for lost in participants.noteLeft(session, bound: environment.limits.memberCount) { expel(lost) }
        if participants.isEmpty { idleSince = environment.now() }
        scheduleWake()
    }

    /// Gives a full client what it misses beyond `version`: changes if the room still has them, however many bytes.
    ///
    /// `completion` is called once, on the room's executor, mostly before this returns; a snapshot waits for the disk as
    /// that of a join does. Fails with `NOT_JOINED`, `ROOM_CLOSED`, `STORE_FAILED`.
    public func sync(
        _ version: Version,
        from session: SessionID,
        completion: @escaping (Result<SyncReply, RoomError>) -> Void
    ) {
        let reply: SyncReply
        do throws(RoomError) {
            reply = try sync(version, from: session)
        } catch {
            return completion(.failure(error))
        }
        holdBackSnapshot(reply.catchUp, from: session) { completion($0.map(Result.failure) ?? .success(reply)) }
    }

    /// What a full client misses beyond `version`, at once; see ``sync(_:from:completion:)``.
    func sync(_ version: Version, from session: SessionID) throws(RoomError) -> SyncReply {
        try requireOpen()
        _ = try requireParticipant(session)
        let catchUp = catchUp(since: version, prefersChanges: true)
        return SyncReply(revision: revision, version: document.version, catchUp: catchUp)
    }

    /// The participant's outbound queue is over its bound.
    ///
    /// The event that is being delivered counts as delivered; further ones are withheld until `drained`.
    public func fellBehind(_ session: SessionID) {
        guard let participant = participants[session] else { return }
        var behind = participant.behind ?? .init(version: document.version, revision: revision)
        if !behind.isSlow { environment.observer?.participantFellBehind() }
        behind.isSlow = true
        setBehind(behind, of: session)
    }

    /// The participant's outbound queue is empty again: it gets what it missed, or `reset` when that cannot be
    /// replayed.
    ///
    /// A full client gets one change set. A thin client has nothing to merge a change set with: it gets `reset` when it
    /// missed anything of the text. Both get everybody's presence; signals are lost.
    public func drained(_ session: SessionID) {
        guard var behind = participants[session]?.behind else { return }
        behind.isSlow = false
        setBehind(behind, of: session)
        bringUpToDate(session)
    }

    /// Ends a participant's time behind, unless there is another reason for it.
    private func bringUpToDate(_ session: SessionID) {
        guard case .open = state, let behind = participants[session]?.behind,
            behind.awaitedSnapshots == 0, !behind.isSlow
        else { return }
        setBehind(nil, of: session)
        if behind.revision != revision {
            guard participants[session]?.format == .changes, let missed = changeLog.changes(since: behind.version)
            else { return expel(session) }
            outbox.send(.change(ChangeSet.encode(missed), revision: revision, session: nil), to: session)
        }
        outbox.send(.presence(participants.members, left: behind.left), to: session)
    }

    /// Takes a participant out that cannot follow any more; it joins again when it reads that.
    func expel(_ session: SessionID) { expel(session, because: .behind) }

    /// Tells a participant to go and takes it out; nothing happens when it is not there.
    public func expel(_ session: SessionID, because reason: ResetReason) {
        guard participants[session] != nil else { return }
        outbox.send(.reset(reason, epoch: epoch), to: session)
        leave(session)
    }

    // MARK: - Who gets broadcasts

    /// Puts everybody out.
    func removeAll(because reason: ResetReason) {
        for session in participants.sessions {
            remove(session)
            outbox.send(.reset(reason, epoch: epoch), to: session)
        }
    }

    /// Takes a participant out; whether it was there.
    @discardableResult
    private func remove(_ session: SessionID) -> Bool {
        guard let participant = takeOut(session) else { return false }
        environment.observer?.participantLeft(id, session, participant.user)
        return true
    }

    @discardableResult
    private func takeOut(_ session: SessionID) -> Participant? {
        let participant = participants.remove(session)
        if let participant, participant.behind == nil { outbox.withhold(from: session) }
        return participant
    }

    private func setBehind(_ behind: Participant.Behind?, of session: SessionID) {
        guard let participant = participants[session] else { return }
        participants.setBehind(behind, of: session)
        switch (participant.behind, behind) {
        case (nil, .some): outbox.withhold(from: session)
        case (.some, nil): outbox.follow(session, as: participant.format)
        default: break
        }
    }

    /// The smaller of the changes since `version` and a snapshot; a snapshot when the changes are not kept any more.
    private func catchUp(since version: Version?, prefersChanges: Bool = false) -> CatchUp {
        guard let missed = changeLog.changes(since: version ?? Version()) else { return .snapshot(document.snapshot()) }
        if missed.isEmpty { return .changes([]) }
        if prefersChanges { return .changes(ChangeSet.encode(missed)) }
        let byteCount = missed.reduce(0) { $0 + $1.encoded.count }
        // Making a snapshot costs as much as the document is long: a few changes are never worth that.
        if byteCount <= 16 << 10 || byteCount <= contentSize.byteCount / 8 { return .changes(ChangeSet.encode(missed)) }
        let snapshot = document.snapshot()
        return snapshot.count < byteCount ? .snapshot(snapshot) : .changes(ChangeSet.encode(missed))
    }
}
