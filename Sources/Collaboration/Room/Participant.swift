internal import CRDT

/// One socket in the room.
struct Participant {
    /// What a participant had when its events began to be withheld: it reads too slowly, or waits for snapshots, or both.
    struct Behind {
        /// What it has, or has in its socket's queue.
        var version: Version
        /// The revision of that.
        var revision: Revision
        /// Who left since.
        var left: [SessionID] = []
        /// Snapshots that it asked for and that wait for the disk.
        var awaitedSnapshots = 0
        /// Too much waits to be sent to it.
        var isSlow = false
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

/// Who is in the room, and how many of them get broadcasts.
struct Participants {
    private(set) var all: [SessionID: Participant] = [:]
    private var nextOrder: UInt64 = 0
    private var thinCount = 0
    /// How many keep up, by format.
    private var followerCounts: [ParticipantFormat: Int] = [:]

    var count: Int { all.count }
    var isEmpty: Bool { all.isEmpty }

    subscript(_ session: SessionID) -> Participant? { all[session] }

    /// Adds a participant, in the place of one with the same id.
    mutating func insert(_ request: JoinRequest) {
        _ = remove(request.session)
        all[request.session] = Participant(
            user: request.user,
            role: request.role,
            format: request.format,
            state: request.presence,
            order: nextOrder
        )
        nextOrder += 1
        followerCounts[request.format, default: 0] += 1
        if request.format == .content { thinCount += 1 }
    }

    /// Whether anybody edits by position, behind or not.
    var hasThinClients: Bool { thinCount > 0 }

    /// Takes one out; what it was, if it was there.
    mutating func remove(_ session: SessionID) -> Participant? {
        guard let participant = all.removeValue(forKey: session) else { return nil }
        if participant.behind == nil { followerCounts[participant.format, default: 0] -= 1 }
        if participant.format == .content { thinCount -= 1 }
        return participant
    }

    mutating func setRole(_ role: Role, of session: SessionID) { all[session]?.role = role }
    mutating func setState(_ state: [UInt8]?, of session: SessionID) { all[session]?.state = state }

    mutating func setBehind(_ behind: Participant.Behind?, of session: SessionID) {
        guard let participant = all[session] else { return }
        if participant.behind == nil { followerCounts[participant.format, default: 0] -= 1 }
        if behind == nil { followerCounts[participant.format, default: 0] += 1 }
        all[session]?.behind = behind
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

    /// Whether anybody but `sender` keeps up who is of the format, or (nil) of any.
    func hasFollowers(_ format: ParticipantFormat?, besides sender: SessionID?) -> Bool {
        let count = format.map { followerCounts[$0] ?? 0 } ?? followerCounts.values.reduce(0, +)
        guard count == 1, let sender, let participant = all[sender] else { return count > 0 }
        return participant.behind != nil || (format != nil && participant.format != format)
    }

    /// Those of a format that keep up, in the order of joining.
    ///
    /// - Complexity: O(*n* log *n*).
    func keepingUp(_ format: ParticipantFormat) -> [SessionID] {
        inOrder.filter { $0.value.format == format && $0.value.behind == nil }.map(\.key)
    }

    /// All, in the order of joining.
    var sessions: [SessionID] { inOrder.map(\.key) }

    var members: [Member] {
        inOrder.map { Member(session: $0.key, user: $0.value.user, state: $0.value.state) }
    }

    private var inOrder: [(key: SessionID, value: Participant)] {
        all.sorted { $0.value.order < $1.value.order }
    }
}
