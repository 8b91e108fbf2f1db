import CRDT

extension RandomHistory {
    /// Gives a replica a batch of changes, in one of the ways that there are.
    mutating func hand(_ batch: [Int], to replica: HistoryReplica) throws {
        let set = batch.map { changes[$0] }
        var waiting = 0
        switch random.below(4) {
        case 0:
            var patches: [Patch] = []
            let receipt = try replica.document.receive(ChangeSet.decode(ChangeSet.encode(set)), patches: &patches)
            for patch in patches { replica.mirror.follow(patch) }
            waiting = receipt.waiting
        case 1:
            var patches = PatchBuffer()
            waiting = try replica.document.receive(ChangeSet.encode(set).span, patches: &patches).waiting
            replica.mirror.follow(patches)
        default:
            var patches = PatchBuffer()
            for change in set { waiting = try replica.document.receive(change.encoded.span, patches: &patches).waiting }
            replica.mirror.follow(patches)
        }
        guard waiting == replica.document.backlogCount else { throw failure("the backlog is miscounted") }
        // What came and what that freed, in the order in which it was made, which is a causal one.
        let version = replica.document.version
        for name in version.replicas {
            for sequence in replica.known[name]..<version[name] {
                guard let number = numbers[ChangeName(replica: name, sequence: sequence)] else {
                    throw failure("an unknown change was applied")
                }
                replica.arrived.append(number)
            }
        }
        for number in replica.arrived.sorted() { try replica.note(changes[number]) }
        replica.arrived.removeAll()
    }
}
