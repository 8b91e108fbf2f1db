import CRDT

extension RandomHistory {
    /// Gives a replica a batch of changes as bytes.
    func hand(_ batch: [Int], to replica: HistoryReplica) throws {
        var patches: [Patch] = []
        let received = try ChangeSet.decode(ChangeSet.encode(batch.map { changes[$0] }))
        let receipt = try replica.document.receive(received, patches: &patches)
        guard receipt.waiting == replica.document.backlogCount else { throw failure("the backlog is miscounted") }
        replica.mirror.follow(patches)
        for change in receipt.applied {
            let name = ChangeName(replica: change.replica, sequence: change.sequence)
            guard let number = numbers[name], changes[number] == change else { throw failure("an unknown change") }
            try replica.note(change)
        }
    }
}
