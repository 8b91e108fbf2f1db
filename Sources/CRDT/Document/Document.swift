/// A replicated document: named texts, lists and maps, and others inside of them, that several replicas edit at the same
/// time.
///
/// Texts and lists are RGA sequences (Roh et al. 2011, DOI 10.1016/j.jpdc.2010.12.006). Local edits are made by UTF-16 offset and
/// give a ``Change`` to send; received changes are integrated and give patches to show. All replicas that applied the
/// same changes, in whatever causal order, have the same content.
///
///     var document = Document(replica: ReplicaID(1))
///     let change = try document.insert(Array("Hello".utf16), at: 0, in: "body")
///
/// Where two replicas insert at the same place at the same time, what has the higher Lamport timestamp comes first, and of
/// two equal ones that of the lower replica.
public struct Document: ~Copyable, Sendable {
    /// Who edits this copy.
    public let replica: ReplicaID

    /// The number of no replica; nor is it ``OpenPlace/noAuthor``.
    static let nobody = UInt32.max - 1

    var store: ElementStore
    var backlog = Backlog()
    /// Replicas that advanced since the local replica's last change: the dependencies of its next one.
    var news = Slab<UInt32>()
    /// The number of the local replica, once it edited: lanes that are fast do not look it up.
    var localIndex: Int?
    /// The same while its changes have short names, else a number that nobody has.
    var shortAuthor = Self.nobody
    /// The names of the local replica's next change, and of the next one of whoever's was received last.
    var ownName = NextName()
    var othersName = NextName()
    /// The change that is being made, in a transaction, and the number of the local replica while it is.
    var transaction: OpenChange?
    var transactionAuthor = Self.nobody
    var lane = TransactionLane()
    // Kept between calls for their memory alone.
    var writer = ChangeWriter()
    var deleted = Slab<ElementRange>()
    var resolver = ChangeResolver()
    /// What the local replica can undo and redo; off at first.
    var undoHistory = UndoHistory()

    /// An empty document.
    public init(replica: ReplicaID) {
        self.init(replica: replica, store: ElementStore())
    }

    @inline(never)
    init(replica: ReplicaID, store: consuming ElementStore) {
        self.replica = replica
        self.store = store
    }

    deinit {}

    /// What is known: every change applied so far.
    ///
    /// - Complexity: O(n log n) for n replicas.
    public var version: Version {
        var entries: [Version.Entry] = []
        entries.reserveCapacity(store.replicas.count)
        for index in 0..<store.replicas.count where store.replicas[index].nextSequence > 0 {
            let record = store.replicas[index]
            entries.append(Version.Entry(replica: ReplicaID(record.id), count: record.nextSequence))
        }
        return Version(sorting: entries)
    }

    /// The length of a text in UTF-16 code units; 0 for one that nothing was ever inserted into.
    ///
    /// - Complexity: O(1).
    public func utf16Count(of text: TextID) -> Int {
        store.root(of: text).map { store.visibleCount(of: $0) } ?? 0
    }

    /// The content of a text as UTF-16 code units.
    ///
    /// Always well-formed.
    ///
    /// - Complexity: O(n) for n code units and runs.
    public func text(of text: TextID) -> [UInt16] {
        store.root(of: text).map { store.units(ofRoot: $0) } ?? []
    }

    /// The content of a text as a string.
    ///
    /// - Complexity: O(n) for n code units and runs.
    public func string(of text: TextID) -> String {
        String(decoding: self.text(of: text), as: UTF16.self)
    }
}
