internal import CRDT

extension Room {
    /// Does what is due: presence, snapshot, idleness.
    ///
    /// Call when ``RoomOutbox/wake(at:)`` says; too often does no harm.
    public func tick() {
        guard case .open = state else { return }
        let now = environment.now()
        if let wakeAt, wakeAt <= now { self.wakeAt = nil }
        flushPresence(now: now)
        if let due = snapshots.deadline(now: now, revision: revision), due <= now { saveSnapshot() }
        if let due = idleDeadline, due <= now {
            // Asks again after another interval when the owner leaves it open.
            idleSince = now
            if pendingCommits.isEmpty { outbox.roomIsIdle() }
        }
        scheduleWake()
    }

    /// Ends the room: participants that are left get `reset`, what no snapshot holds is saved as one, and `completion`
    /// is called on the room's executor when the store is done with everything.
    ///
    /// The room takes nothing more from now on; keep it until then.
    ///
    /// When the store fails meanwhile, senders that wait get `STORE_FAILED`, and `completion` is called all the same.
    ///
    /// - Parameters:
    ///   - reason: what the participants are told.
    ///   - completion: what is called then.
    public func unload(because reason: ResetReason = .closed, completion: @escaping () -> Void) {
        guard case .open = state else { return completion() }
        state = .unloading(completion: completion)
        removeAll(because: reason)
        if revision > snapshots.savedRevision, !snapshots.isSaving { saveSnapshot() }
        finishUnloadIfDone()
    }

    /// Asks for a call of `tick` when the next thing is due.
    func scheduleWake() {
        guard case .open = state else { return }
        let now = environment.now()
        let deadlines = [
            presence.deadline(now: now), snapshots.deadline(now: now, revision: revision), idleDeadline,
        ]
        guard let next = deadlines.compactMap(\.self).min(), wakeAt != next else { return }
        // A deadline that passed while nobody called `tick` is asked for once, not with every change.
        if let wakeAt, wakeAt <= now, next <= now { return }
        wakeAt = next
        outbox.wake(at: next)
    }

    private var idleDeadline: UInt64? { idleSince.map { $0 + environment.limits.idleInterval } }

    /// Sends the whole document to the store, behind the entries that are on their way there.
    private func saveSnapshot() {
        let snapshot = StoredSnapshot(revision: revision, bytes: document.snapshot())
        snapshots.startSaving()
        environment.store.saveSnapshot(snapshot, of: id, keepingEntries: environment.limits.retainedEntryCount) {
            [commitSignal, byteCount = snapshot.bytes.count] in
            commitSignal.snapshotFinished(snapshot.revision, byteCount: byteCount, $0)
        }
    }

    /// The store is done with a snapshot.
    ///
    /// Without it the log is longer, that is all; it is tried again later.
    func snapshotFinished(_ snapshot: Revision, byteCount: Int, _ result: Result<Void, StoreError>) {
        let saved = if case .success = result { true } else { false }
        snapshots.finished(
            snapshot,
            byteCount: byteCount,
            saved: saved,
            current: revision,
            now: environment.now()
        )
        finishUnloadIfDone()
        scheduleWake()
    }

    func finishUnloadIfDone() {
        guard case .unloading(let completion) = state, pendingCommits.isEmpty, !snapshots.isSaving else { return }
        state = .closed
        completion()
    }

    func requireOpen() throws(RoomError) {
        guard case .open = state else { throw RoomError(.closed, "the room is closing; join again") }
    }

    func requireParticipant(_ session: SessionID) throws(RoomError) -> Participant {
        guard let participant = participants[session] else { throw RoomError(.notJoined, "join the document first") }
        return participant
    }

    func requireWriter(_ session: SessionID) throws(RoomError) -> Participant {
        let participant = try requireParticipant(session)
        guard participant.role >= .write else {
            throw RoomError(
                .forbidden,
                "the role does not allow changes",
                details: .version(document.version, revision)
            )
        }
        return participant
    }
}
