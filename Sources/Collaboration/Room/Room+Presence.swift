extension Room {
    /// Sets a participant's presence state, or clears it (`nil`).
    ///
    /// Others hear of it within the presence interval.
    ///
    /// - Throws: `TOO_LARGE`, `NOT_JOINED`, `ROOM_CLOSED`.
    public func setPresence(_ state: [UInt8]?, from session: SessionID) throws(RoomError) {
        try requireOpen()
        _ = try requireParticipant(session)
        try checkPresence(state)
        participants.setState(state, of: session)
        presence.noteChanged(session)
        scheduleWake()
    }

    /// Passes an ephemeral message to all others that keep up.
    ///
    /// It is stored nowhere.
    ///
    /// - Throws: `TOO_LARGE`, `NOT_JOINED`, `ROOM_CLOSED`.
    public func signal(_ payload: [UInt8], from session: SessionID) throws(RoomError) {
        try requireOpen()
        try signal(payload, from: session, user: try requireParticipant(session).user)
    }

    /// Passes an ephemeral message of somebody outside to all that keep up; its session is ``SessionID/outside``.
    ///
    /// - Throws: `TOO_LARGE`, `ROOM_CLOSED`.
    public func signal(_ payload: [UInt8], as user: User) throws(RoomError) {
        try requireOpen()
        try signal(payload, from: .outside, user: user)
    }

    private func signal(_ payload: [UInt8], from session: SessionID, user: User) throws(RoomError) {
        guard payload.count <= environment.limits.signalByteCount else {
            throw RoomError(.tooLarge, "a signal has at most \(environment.limits.signalByteCount) bytes")
        }
        guard participants.hasFollowers(nil, besides: session) else { return }
        outbox.broadcast(.signal(payload, from: session, user: user), to: nil, except: session)
    }

    /// Changes a participant's role at once and tells it; nothing happens when it is not there or has that role.
    public func setRole(_ role: Role, of session: SessionID) {
        guard let participant = participants[session], participant.role != role else { return }
        participants.setRole(role, of: session)
        outbox.send(.role(role, revision: revision), to: session)
    }

    func checkPresence(_ state: [UInt8]?) throws(RoomError) {
        guard let state, state.count > environment.limits.presenceByteCount else { return }
        throw RoomError(.tooLarge, "a presence state has at most \(environment.limits.presenceByteCount) bytes")
    }

    /// Broadcasts what was gathered, if it is time.
    func flushPresence(now: UInt64) {
        guard let (changed, left) = presence.flush(now: now) else { return }
        guard participants.hasFollowers(nil, besides: nil) else { return }
        let members = participants.members.filter { changed.contains($0.session) }
        outbox.broadcast(.presence(members, left: left), to: nil, except: nil)
    }
}
