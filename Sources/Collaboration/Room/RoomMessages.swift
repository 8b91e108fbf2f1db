public import CRDT

/// How a participant speaks: with the engine, or by positions.
public enum ParticipantFormat: Sendable, CaseIterable {
    /// A full client: holds a replica, sends and receives changes. `"changes"` on the wire.
    case changes
    /// A thin client: holds plain values, sends and receives edits by position. `"json"` on the wire.
    case content
}

/// What a client says when it enters a room.
public struct JoinRequest: Sendable {
    /// The participant's id, made by the connection layer.
    public var session: SessionID
    /// Who it is, by the token.
    public var user: User
    /// What it may do, by the token.
    public var role: Role
    /// How it speaks.
    public var format: ParticipantFormat
    /// What a full client has already; `nil` when it has nothing.
    public var version: Version?
    /// The epoch of what it has.
    public var epoch: Epoch?
    /// Its first presence state (opaque here; JSON on the wire).
    public var presence: [UInt8]?

    /// A request with all its parts.
    public init(
        session: SessionID,
        user: User,
        role: Role,
        format: ParticipantFormat = .changes,
        version: Version? = nil,
        epoch: Epoch? = nil,
        presence: [UInt8]? = nil
    ) {
        self.session = session
        self.user = user
        self.role = role
        self.format = format
        self.version = version
        self.epoch = epoch
        self.presence = presence
    }
}

/// What a client gets when it enters a room.
public struct JoinReply: Sendable {
    /// Its role here.
    public var role: Role
    /// The document's birth mark.
    ///
    /// Not the client's own: it must drop its replica and take this one.
    public var epoch: Epoch
    /// The last accepted revision.
    public var revision: Revision
    /// What the room has.
    ///
    /// A full client then sends whatever it has beyond this (see ``Room``, "Healing").
    public var version: Version
    /// Whether the client, with `catchUp`, missed nothing: it named a version and gets every change since, not a
    /// snapshot.
    ///
    /// Always false for a thin client, which always gets the content: a revision alone does not tell whether it saw
    /// changes that a crash took back.
    public var recovered: Bool
    /// Who is there, the new participant included, in the order of joining.
    public var members: [Member]
    /// What the client misses.
    public var catchUp: CatchUp
}

/// What brings a client up to date.
public enum CatchUp: Sendable, Equatable {
    /// A `ChangeSet` (empty bytes when nothing is missing) for a full client that has the rest.
    case changes([UInt8])
    /// The whole document, for a full client: it starts a new replica from it.
    case snapshot([UInt8])
    /// The whole document for a thin client.
    case content([RootContent])
}

/// One root with everything below it.
public struct RootContent: Sendable, Equatable {
    /// Its name.
    public var root: RootName
    /// What it holds: a text, a list or a map.
    public var content: Content

    /// Its text, if it is one.
    ///
    /// The engine keeps texts well-formed, so a `String` holds them exactly.
    public var text: String? {
        if case .text(let units) = content { String(decoding: units, as: UTF16.self) } else { nil }
    }

    /// A root with its content.
    public init(root: RootName, content: Content) {
        self.root = root
        self.content = content
    }
}

/// A participant as others see it.
public struct Member: Sendable, Equatable {
    /// The participant's id.
    public var session: SessionID
    /// Who it is.
    public var user: User
    /// Its presence state (opaque here; JSON on the wire); `nil` when it shows none.
    public var state: [UInt8]?

    /// A member with its state.
    public init(session: SessionID, user: User, state: [UInt8]?) {
        self.session = session
        self.user = user
        self.state = state
    }
}

/// The answer to a thin client's edit: it is committed.
public struct EditReceipt: Sendable, Equatable {
    /// The revision it became; the current one when nothing was left to do.
    public var revision: Revision
    /// The edits as they were applied, relative to the document at the revision before.
    ///
    /// `nil` when they are those that were sent. Empty when nothing was left to do: then no revision was made, and the
    /// client must not take ``revision`` for its own.
    public var applied: [PathEdit]?

    /// A receipt with its parts.
    public init(revision: Revision, applied: [PathEdit]?) {
        self.revision = revision
        self.applied = applied
    }
}

/// The answer to `sync`.
public struct SyncReply: Sendable {
    /// The last accepted revision.
    public var revision: Revision
    /// What the room has.
    public var version: Version
    /// The changes since the version asked for; a snapshot when the room no longer has them singly.
    public var catchUp: CatchUp
}
