/// A `DocumentStore` that also keeps what belongs to documents beside their content: who may do what with them, and how
/// they were.
///
/// Every write takes effect after whatever was enqueued before it and is durable when it returns. Where a function has
/// `committed`, that is called once, after the write became durable and before the next such write is begun: so its callers
/// see writes in the order in which they took effect. It is not called when the function throws.
public protocol DocumentLibrary: DocumentStore {
    /// The roles that were assigned for a document, in the order of the users' ids.
    func roles(of id: DocumentID) async throws(StoreError) -> [RoleAssignment]

    /// What was assigned to one user, for the documents from `first` to `last`.
    func roles(
        ofUser user: String,
        from first: DocumentID,
        through last: DocumentID
    ) async throws(StoreError) -> [DocumentID: RoleAssignment]

    /// Assigns a role, unless the document has assignments for `limit` other users.
    ///
    /// With `keepsAdmin` the role `admin` is not taken from the last user to whom it is assigned. Throws `unknownDocument`;
    /// `conflict` when the last admin would go; `tooMany` beyond `limit`.
    func assign(
        _ assignment: RoleAssignment,
        in id: DocumentID,
        keepsAdmin: Bool,
        limit: Int,
        committed: @escaping @Sendable () -> Void
    ) async throws(StoreError)

    /// Takes an assignment back; what the user's token grants counts again.
    ///
    /// - Returns: Whether there was one; `committed` is called then only.
    /// - Throws: `conflict` when the last admin would go and `keepsAdmin` is set.
    func unassign(
        _ user: String,
        in id: DocumentID,
        keepsAdmin: Bool,
        committed: @escaping @Sendable () -> Void
    ) async throws(StoreError) -> Bool

    /// A line of the list; `nil` when there is no such document.
    ///
    /// Cheaper than ``DocumentStore/load(_:)``, and without its barrier.
    func summary(of id: DocumentID) async throws(StoreError) -> DocumentSummary?

    /// Reads a document as it was at a revision: the newest good snapshot not after it, and the entries up to it.
    ///
    /// - Returns: `nil` when there is no such document.
    /// - Throws: `notRetained` when the log no longer reaches back so far, or not forward; `damaged` when a row that is
    ///   needed is.
    func load(_ id: DocumentID, at revision: Revision) async throws(StoreError) -> StoredDocument?

    /// Reads as much of a document's log as is kept, but not many more than `limit` entries, with the snapshot before it.
    ///
    /// - Returns: `nil` when there is no such document.
    func loadLog(of id: DocumentID, limit: Int) async throws(StoreError) -> StoredDocument?

    /// Keeps a version.
    ///
    /// One without a name is not kept twice: when the newest version is of the same revision, that one is returned.
    ///
    /// - Throws: `unknownDocument`; `tooMany` named ones.
    func addVersion(
        _ version: NewVersion,
        of id: DocumentID,
        limits: VersionLimits
    ) async throws(StoreError) -> VersionSummary

    /// The versions of a document, the newest first, at most `limit`, and of these numbers only those below `number`.
    func versions(of id: DocumentID, before number: UInt64?, limit: Int) async throws(StoreError) -> [VersionSummary]

    /// A version; `nil` when there is none of the number.
    ///
    /// - Throws: `damaged` when it is not what was kept.
    func version(_ number: UInt64, of id: DocumentID) async throws(StoreError) -> StoredVersion?

    /// The answer that was kept under a name, if it was given at `since` or later (milliseconds since 1970).
    func reply(named name: String, since: Int64) async throws(StoreError) -> StoredReply?

    /// Keeps an answer, and lets go of what is more or older than the limits say.
    func keep(_ reply: StoredReply, named name: String, limits: ReplyLimits) async throws(StoreError)
}
