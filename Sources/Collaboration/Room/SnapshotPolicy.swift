/// Decides when a room is saved as a whole: by the number of revisions since the last time, and by time.
struct SnapshotPolicy {
    /// The revision of the newest snapshot that the store has.
    private(set) var savedRevision: Revision
    private var savedByteCount: Int
    /// When the first revision came that no snapshot holds.
    private var dirtySince: UInt64?
    /// One at a time is on its way to the store.
    private(set) var isSaving = false
    private let limits: RoomLimits

    init(stored: StoredDocument, limits: RoomLimits) {
        savedRevision = stored.snapshot?.revision ?? .zero
        savedByteCount = stored.snapshot?.bytes.count ?? 0
        self.limits = limits
    }

    /// A revision was accepted.
    mutating func noteChange(at now: UInt64) {
        if dirtySince == nil { dirtySince = now }
    }

    /// When a snapshot is due.
    func deadline(now: UInt64, revision: Revision) -> UInt64? {
        guard let dirtySince, !isSaving else { return nil }
        let threshold = max(limits.snapshotRevisionCount, savedByteCount / max(1, limits.snapshotBytesPerRevision))
        if revision.rawValue - savedRevision.rawValue >= UInt64(threshold) { return now }
        return dirtySince + limits.snapshotInterval
    }

    /// A snapshot goes to the store.
    mutating func startSaving() {
        isSaving = true
        dirtySince = nil
    }

    /// The store has it, or not: then it is tried again after the interval.
    mutating func finished(_ revision: Revision, byteCount: Int, saved: Bool, current: Revision, now: UInt64) {
        isSaving = false
        if saved {
            savedRevision = revision
            savedByteCount = byteCount
        }
        if current > savedRevision, dirtySince == nil || !saved { dirtySince = now }
    }
}
