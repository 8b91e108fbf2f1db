import CRDT

/// A document and its text.
struct Replica: ~Copyable {
    var document: Document
    /// The text that everything is about, once there is something in it.
    var handle: TextHandle?

    init(_ replica: ReplicaID) {
        self.document = Document(replica: replica)
    }

    /// The text.
    var text: [UInt16] { self.document.text(of: Subject.root) }
}

/// Several replicas, one for each lane of a trace.
///
/// They lie in memory of their own: an array cannot hold what is not copyable, and a class would check for exclusive access
/// at each call, which costs as much as an edit.
struct Replicas: ~Copyable {
    private let replicas: UnsafeMutablePointer<Replica>
    private let count: Int

    init(_ names: [ReplicaID]) {
        self.count = names.count
        self.replicas = .allocate(capacity: names.count)
        for (lane, name) in names.enumerated() { (self.replicas + lane).initialize(to: Replica(name)) }
    }

    deinit {
        self.replicas.deinitialize(count: self.count)
        self.replicas.deallocate()
    }

    /// The replica of a lane.
    subscript(_ lane: Int) -> UnsafeMutablePointer<Replica> {
        precondition((0..<self.count).contains(lane))
        return self.replicas + lane
    }
}
