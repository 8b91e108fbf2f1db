extension Document {
    /// The document of a snapshot, edited from now on by `replica`.
    ///
    /// - Parameters:
    ///   - snapshot: what ``snapshot()`` wrote. It may come from outside.
    ///   - replica: an identifier that never wrote elsewhere, or the one that continues exactly from this state.
    ///   - limits: bounds on what is accepted.
    /// - Throws: when the bytes are not exactly one consistent snapshot.
    /// - Complexity: O(n) for n bytes and deleted elements.
    public init(snapshot: [UInt8], replica: ReplicaID, limits: DecodingLimits = .default) throws(FormatError) {
        self.init(replica: replica, store: try SnapshotReader.read(snapshot, limits: limits))
        // What the replica's last change depended on is not known any more: the next one names everything.
        for index in 0..<store.replicas.count where store.replicas[index].id != replica.rawValue {
            store.replicas[index].isNews = true
            news.append(UInt32(index))
        }
    }

    /// The whole state as bytes: ids and order of all elements, and the text of those that are not deleted.
    ///
    /// The same state gives the same bytes on every replica. The backlog is not part of it.
    ///
    /// - Precondition: no transaction is open.
    /// - Complexity: O(n) for n visible units and runs.
    public func snapshot() -> [UInt8] {
        precondition(transaction == nil, "A transaction is open.")
        return SnapshotWriter.write(store)
    }
}
