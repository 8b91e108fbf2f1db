import CRDT
import Testing

/// Three replicas of one document that pass changes on when told to.
struct Trio: ~Copyable {
    var a = Document(replica: ReplicaID(1))
    var b = Document(replica: ReplicaID(2))
    var c = Document(replica: ReplicaID(300))
    private var log: [Change] = []
    private(set) var patches: [Patch] = []

    init() {
        a.undoLimit = 100
        b.undoLimit = 100
    }

    /// Keeps a change to be passed on later.
    mutating func note(_ change: Change?) { if let change { log.append(change) } }

    /// Passes all kept changes to all; the third replica gets them in the other order.
    ///
    /// What the first one was told is in ``patches``.
    mutating func sync() throws {
        patches = []
        var ignored: [Patch] = []
        _ = try a.receive(log, patches: &patches)
        _ = try b.receive(log, patches: &ignored)
        _ = try c.receive(log.reversed(), patches: &ignored)
        log = []
        #expect(a.snapshot() == b.snapshot())
        #expect(a.snapshot() == c.snapshot())
        #expect(a.backlogCount == 0 && b.backlogCount == 0 && c.backlogCount == 0)
        a.checkInvariants()
        b.checkInvariants()
        c.checkInvariants()
        // Whoever loads the snapshot is in the same state.
        let loaded = try Document(snapshot: a.snapshot(), replica: ReplicaID(9))
        #expect(loaded.snapshot() == a.snapshot())
        for root in a.roots {
            #expect(a.content(of: root) == c.content(of: root))
            #expect(a.content(of: root) == loaded.content(of: root))
        }
    }
}

func numbers(_ numbers: Int...) -> [Content] { numbers.map { .number(Double($0)) } }

func values(_ numbers: Int...) -> [Value] { numbers.map { .number(Double($0)) } }
