import CRDT

extension RandomHistory {
    /// Gives a replica a batch of changes, in one of the ways that there are.
    mutating func hand(_ batch: [Int], to replica: HistoryReplica) throws {
        let set = batch.map { changes[$0] }
        // A buffer may hold what other replicas were told before.
        if random.oneIn(3) { patches.removeAll() }
        let start = patches.count
        var waiting = 0
        switch random.below(4) {
        case 0:
            var patches: [Patch] = []
            let receipt = try replica.document.receive(ChangeSet.decode(ChangeSet.encode(set)), patches: &patches)
            for patch in patches { replica.mirror.follow(patch) }
            waiting = receipt.waiting
        case 1:
            waiting = try replica.document.receive(ChangeSet.encode(set).span, patches: &patches).waiting
        default:
            for change in set { waiting = try replica.document.receive(change.encoded.span, patches: &patches).waiting }
        }
        try noteReceived(patchesFrom: start, waiting, by: replica)
    }

    /// Gives a replica changes as their author has them.
    mutating func hand(_ buffer: borrowing ChangeBuffer, to replica: HistoryReplica) throws {
        let start = patches.count
        let reception = try replica.document.receive(buffer, patches: &patches)
        guard reception.applied >= 0, reception.duplicates <= buffer.count else {
            throw failure("changes of a buffer are miscounted")
        }
        try noteReceived(patchesFrom: start, reception.waiting, by: replica)
    }

    private mutating func noteReceived(
        patchesFrom start: Int,
        _ waiting: Int,
        by replica: HistoryReplica
    ) throws {
        for index in start..<patches.count { replica.mirror.follow(patches[index]) }
        if patches.count > start, random.oneIn(4) {
            let splice = patches.splice(at: patches.count - 1)
            replica.typedAt = splice.utf16Offset + splice.insertCount
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
