/// The bounds of one room.
///
/// Every default says why it is what it is.
public struct RoomLimits: Sendable {
    /// The most content a document may have, in bytes: two a unit of text, and of a value sixteen and what
    /// its string or bytes have.
    ///
    /// Past it only deletions are accepted, and for a sixteenth more small changes of full clients, of which the room
    /// cannot tell beforehand whether they delete.
    ///
    /// 64 MiB: forty times a long novel, and still loaded in a second.
    public var documentByteCount = 64 << 20
    /// The most participants a room admits.
    ///
    /// Presence alone costs the square of their number.
    public var memberCount = 1_000
    /// The longest presence state, in bytes: a cursor, a selection, a colour and a name need a tenth of it.
    public var presenceByteCount = 4 << 10
    /// The longest signal, in bytes.
    ///
    /// Signals are fanned out and stored nowhere.
    public var signalByteCount = 64 << 10
    /// The shortest time between two presence broadcasts, in nanoseconds: 20 a second look fluid.
    public var presenceInterval: UInt64 = 50_000_000

    /// How many operations one `edit` may hold.
    public var editOperationCount = 4_096
    /// How many accepted revisions a thin client may be behind before its edits are stale.
    public var rememberedRevisionCount = 4_096
    /// How many splices, moves and keys these revisions may hold together (about 80 bytes each): 65,536 are 5 MiB a room
    /// at most.
    public var rememberedFootprintCount = 65_536
    /// The work one `edit` may cost, in steps of one splice or move against another: about 20 ms.
    ///
    /// Past it the edit is stale.
    public var transformationSteps = 1_000_000

    /// How many bytes of recent changes stay in memory for participants that catch up, with what each takes besides its
    /// encoding: some 1,100 keystrokes of one change each, or four minutes of two people who write.
    ///
    /// Whoever was away for longer gets a snapshot. A thousand documents that are written to must fit into 1 GiB of memory.
    public var changeLogByteCount = 256 << 10

    /// A snapshot is made after so many revisions...
    public var snapshotRevisionCount = 1_000
    /// ...but not before there is one revision for so many bytes of the last snapshot, so that a big document is not
    /// written out again and again...
    public var snapshotBytesPerRevision = 256
    /// ...and in any case so long after the first revision that no snapshot holds, in nanoseconds: bounds the time of a
    /// reload.
    public var snapshotInterval: UInt64 = 120_000_000_000
    /// How many entries the log keeps behind the snapshots, at least: history that `sync` and people may ask for.
    public var retainedEntryCount = 1_000

    /// How long a room without participants stays in memory, in nanoseconds: a page that reloads finds it warm.
    public var idleInterval: UInt64 = 30_000_000_000

    /// The defaults.
    public init() {}
}
