// What the lane of a transaction has pending, written down as operations of its change.

extension Document {
    /// Gives everything that the lane has to the writer of the change: before an edit that goes the general way, and at
    /// the end.
    mutating func drainLane() {
        guard transaction != nil else { return }
        flushLane(by: Int(truncatingIfNeeded: transactionAuthor))
        moveLane()
        // Nothing is pending that could go on there.
        store.closeOpenPlace()
    }

    private mutating func moveLane() {
        if lane.operationCount == 0 { return }
        writer.append(lane.operations, count: lane.operationCount)
        lane.clear()
    }

    /// Writes down the pending operation.
    @inline(never)
    mutating func flushLane(by author: Int) {
        let pending = lane.pending
        lane.close()
        // The first operation may give the change a shape of its own; and names of others are the writer's to number.
        let isPlain = lane.owner == author && !writer.isEmpty
        switch pending {
        case .nothing: break
        case .insertion:
            if !isPlain || !writeInsertion(by: author) { handOverInsertion(by: author) }
        case .deletion:
            let distance = store.replicas[author].nextCounter &- lane.counter
            if isPlain {
                let count = lane.count
                let short = count < 32 ? UInt64(count) &<< UInt64(Operation.deleteCountShift) : 0
                lane.operations.append(word: short | UInt64(Operation.deleteKind), byteCount: 1)
                lane.operations.appendVarint(UInt64(distance))
                if short == 0 { lane.operations.appendVarint(UInt64(count)) }
                lane.operationCount += 1
            } else {
                moveLane()
                if lane.owner == author {
                    writer.deleteOwn(distance: distance, count: lane.count)
                } else {
                    let owner = ReplicaID(store.replicas[lane.owner].id)
                    writer.delete(of: owner, counter: lane.counter, count: lane.count)
                }
            }
        }
    }

    /// Writes the pending insertion as it mostly is: ASCII, at one place of the arena; false when it is not.
    private mutating func writeInsertion(by author: Int) -> Bool {
        var counter = lane.first
        let end = store.replicas[author].nextCounter
        guard let piece = piece(from: &counter, to: end, by: author), counter == end else { return false }
        let start = lane.operations.count
        let distance = lane.first &- lane.counter
        let short = piece.count < 16 ? UInt64(piece.count) &<< UInt64(Operation.insertLengthShift) : 0
        let origin = UInt64(distance == 1 ? Operation.originNewest : Operation.originOwn)
        lane.operations.append(word: short | origin | UInt64(Operation.insertKind), byteCount: 1)
        if distance > 1 { lane.operations.appendVarint(UInt64(distance)) }
        if short == 0 { lane.operations.appendVarint(UInt64(piece.count)) }
        guard lane.operations.append(asciiOf: store.text, piece) else {
            lane.operations.truncate(to: start)
            return false
        }
        lane.operationCount += 1
        return true
    }

    private mutating func handOverInsertion(by author: Int) {
        moveLane()
        var units: [UInt16] = []
        var counter = lane.first
        let end = store.replicas[author].nextCounter
        while let piece = piece(from: &counter, to: end, by: author) { store.text.read(piece, into: &units) }
        let distance = lane.first &- lane.counter
        let origin: ChangeWriter.Origin =
            if lane.owner != author {
                .other(ReplicaID(store.replicas[lane.owner].id), counter: lane.counter)
            } else if distance == 1 {
                .newest
            } else {
                .own(distance: distance)
            }
        writer.insert(units, 0..<units.count, after: origin)
    }

    /// The addresses of the next elements of a replica that lie side by side.
    @inline(__always)
    private mutating func piece(from counter: inout UInt32, to end: UInt32, by author: Int) -> Range<Int>? {
        if counter == end { return nil }
        let count = min(Int(end &- counter), store.replicas.contiguousCount(from: counter, by: author))
        let address = Int(store.replicas.address(of: counter, by: author))
        counter &+= UInt32(truncatingIfNeeded: count)
        return address..<address + count
    }
}
