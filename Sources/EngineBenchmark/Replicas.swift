import CRDT

/// Several documents, one for each lane of a trace.
///
/// They lie in memory of their own: an array cannot hold what is not copyable, and a class would check for exclusive access
/// at each call, which costs as much as an edit.
struct Replicas: ~Copyable {
    private let documents: UnsafeMutablePointer<Document>
    private let count: Int

    init(_ replicas: [ReplicaID]) {
        self.count = replicas.count
        self.documents = .allocate(capacity: replicas.count)
        for (lane, replica) in replicas.enumerated() {
            (self.documents + lane).initialize(to: Document(replica: replica))
        }
    }

    deinit {
        self.documents.deinitialize(count: self.count)
        self.documents.deallocate()
    }

    /// The document of a lane.
    subscript(_ lane: Int) -> UnsafeMutablePointer<Document> {
        precondition((0..<self.count).contains(lane))
        return self.documents + lane
    }

    /// Makes a change and gives its bytes; none where nothing was changed.
    func edit(_ edits: [TextEdit], by lane: Int) throws -> [UInt8] {
        try self[lane].pointee.edit(edits)?.encoded ?? []
    }

    /// Decodes and applies a change, and gives what it did.
    func receive(_ bytes: [UInt8], by lane: Int) throws -> [Patch] {
        var patches: [Patch] = []
        try self[lane].pointee.integrate(Change(decoding: bytes), patches: &patches)
        return patches
    }

    /// The text of a lane.
    func text(of lane: Int) -> [UInt16] {
        self[lane].pointee.text(of: Subject.root)
    }
}
