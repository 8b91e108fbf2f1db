/// A state of a document that is kept whatever becomes of its log: with a name, by a person, or without, from time to time.
public struct VersionSummary: Hashable, Sendable {
    /// Its number: versions of a document are numbered from 1 on, and no number is given twice.
    public var number: UInt64
    /// Its name; `nil` for one that was made automatically.
    public var name: String?
    /// Who made it; for an automatic one, who wrote last before it.
    public var author: User
    /// When it was made, in milliseconds since 1970.
    public var created: Int64
    /// The last revision that is in it.
    public var revision: Revision
    /// What is known in it: an encoded `CRDT.Version`.
    public var vector: [UInt8]

    /// A line with all its parts.
    public init(
        number: UInt64,
        name: String?,
        author: User,
        created: Int64,
        revision: Revision,
        vector: [UInt8]
    ) {
        self.number = number
        self.name = name
        self.author = author
        self.created = created
        self.revision = revision
        self.vector = vector
    }
}

/// A version that is to be kept.
public struct NewVersion: Hashable, Sendable {
    /// Its name; `nil` for an automatic one.
    public var name: String?
    /// Who makes it.
    public var author: User
    /// When, in milliseconds since 1970.
    public var created: Int64
    /// What is known in it: an encoded `CRDT.Version`.
    public var vector: [UInt8]
    /// The whole document.
    public var snapshot: StoredSnapshot

    /// A version with all its parts.
    public init(name: String?, author: User, created: Int64, vector: [UInt8], snapshot: StoredSnapshot) {
        self.name = name
        self.author = author
        self.created = created
        self.vector = vector
        self.snapshot = snapshot
    }
}

/// A version with the document as it was.
public struct StoredVersion: Hashable, Sendable {
    /// What is known of it.
    public var summary: VersionSummary
    /// The whole document.
    public var snapshot: StoredSnapshot

    /// A version with its parts.
    public init(summary: VersionSummary, snapshot: StoredSnapshot) {
        self.summary = summary
        self.snapshot = snapshot
    }
}

/// How many versions of one document are kept.
public struct VersionLimits: Hashable, Sendable {
    /// Named ones; more are refused.
    ///
    /// Each holds the document whole.
    public var namedCount = 1_000
    /// Automatic ones; the oldest go.
    ///
    /// At one in half an hour of work, a week of days of seven hours.
    public var automaticCount = 100

    /// The defaults.
    public init() {}
}
