internal import CRDT

/// One socket in the room.
struct Participant {
    /// What a participant had when its events began to be withheld: it reads too slowly, or waits for a snapshot.
    struct Behind {
        /// What it has, or has in its socket's queue.
        var version: Version
        /// The revision of that.
        var revision: Revision
        /// Who left since.
        var left: [SessionID] = []
        /// It is being brought up to date by a snapshot, which waits for the disk.
        var awaitsSnapshot = false
    }

    let user: User
    var role: Role
    let format: ParticipantFormat
    var state: [UInt8]?
    /// Larger for those who came later.
    let order: UInt64
    /// Set while its events are withheld.
    var behind: Behind?
}

/// Who is in the room, with the lists that broadcasts need kept ready.
struct Participants {
    private(set) var all: [SessionID: Participant] = [:]
    private var nextOrder: UInt64 = 0
    /// Who gets broadcasts, by format; made anew when somebody came, went, fell behind or caught up.
    private var recipients: [ParticipantFormat: [SessionID]]?

    var count: Int { all.count }
    var isEmpty: Bool { all.isEmpty }

    subscript(_ session: SessionID) -> Participant? { all[session] }

    /// Adds a participant, in the place of one with the same id.
    mutating func insert(_ request: JoinRequest) {
        all[request.session] = Participant(
            user: request.user,
            role: request.role,
            format: request.format,
            state: request.presence,
            order: nextOrder
        )
        nextOrder += 1
        recipients = nil
    }

    /// Takes one out; whether it was there.
    mutating func remove(_ session: SessionID) -> Bool {
        guard all.removeValue(forKey: session) != nil else { return false }
        recipients = nil
        return true
    }

    mutating func removeAll() -> [SessionID] {
        let sessions = inOrder.map(\.key)
        all.removeAll()
        recipients = nil
        return sessions
    }

    mutating func setRole(_ role: Role, of session: SessionID) { all[session]?.role = role }
    mutating func setState(_ state: [UInt8]?, of session: SessionID) { all[session]?.state = state }

    mutating func setBehind(_ behind: Participant.Behind?, of session: SessionID) {
        all[session]?.behind = behind
        recipients = nil
    }

    /// Notes for those behind that somebody left.
    ///
    /// The list of each is bounded by `bound`: those whose list is full are returned.
    mutating func noteLeft(_ session: SessionID, bound: Int) -> [SessionID] {
        var full: [SessionID] = []
        for (other, participant) in all where participant.behind != nil {
            if (participant.behind?.left.count ?? 0) < bound {
                all[other]?.behind?.left.append(session)
            } else {
                full.append(other)
            }
        }
        return full
    }

    /// Those of a format that keep up.
    mutating func keepingUp(_ format: ParticipantFormat) -> [SessionID] {
        if let recipients { return recipients[format] ?? [] }
        var fresh: [ParticipantFormat: [SessionID]] = [:]
        for (session, participant) in inOrder where participant.behind == nil {
            fresh[participant.format, default: []].append(session)
        }
        recipients = fresh
        return fresh[format] ?? []
    }

    /// All that keep up.
    mutating func keepingUp() -> [SessionID] {
        keepingUp(.changes) + keepingUp(.content)
    }

    var members: [Member] {
        inOrder.map { Member(session: $0.key, user: $0.value.user, state: $0.value.state) }
    }

    private var inOrder: [(key: SessionID, value: Participant)] {
        all.sorted { $0.value.order < $1.value.order }
    }
}
