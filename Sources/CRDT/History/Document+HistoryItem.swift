// A whole item of a history as one step: all that was typed, or erased, in one go.

extension Document {
    /// Applies all changes of the item that was read last together; false when that is not possible, and then nothing has
    /// changed.
    @inline(__always)
    mutating func applyWhole(
        _ reader: inout HistoryReader,
        _ state: inout HistoryApplication
    ) throws(ChangeError) -> Bool {
        let place = reader.item.author
        let author = state.indices[place]
        guard reader.item.kind != .verbatim, author >= 0,
            store.replicas[author].nextSequence == reader.item.sequence,
            Int64(store.replicas[author].nextCounter) == state.bases[place] + reader.elementsBefore
        else { return false }
        if let dependency = reader.item.dependency {
            let other = state.indices[dependency.replica]
            guard other >= 0, store.replicas[other].nextSequence >= dependency.count else { throw .notReady }
        }
        let isDone =
            reader.item.kind == .insert
            ? store.insert(&reader, by: author, &state) : store.erase(&reader, by: author, &state)
        guard isDone else { return false }
        store.replicas[author].nextSequence += UInt64(reader.item.count)
        if !store.replicas[author].isNews, store.replicas[author].id != replica.rawValue {
            store.replicas[author].isNews = true
            news.append(UInt32(author))
        }
        return true
    }
}

extension ElementStore {
    /// The number and the counter of an element that is referenced and exists.
    @inline(__always)
    private mutating func element(
        _ item: HistoryItem,
        _ author: Int,
        _ state: borrowing HistoryApplication
    ) -> (owner: Int, counter: UInt32)? {
        switch item.reference {
        case .own(let relative):
            let counter = state.bases[item.author] + relative
            guard counter >= 0, counter < Int64(replicas[author].nextCounter) else { return nil }
            return (author, UInt32(truncatingIfNeeded: counter))
        case .other(let place, let counter):
            let owner = state.indices[place]
            guard owner >= 0, counter < replicas[owner].nextCounter else { return nil }
            return (owner, counter)
        }
    }

    @inline(__always)
    fileprivate mutating func insert(
        _ reader: inout HistoryReader,
        by author: Int,
        _ state: inout HistoryApplication
    ) -> Bool {
        guard canHold(reader.inserted), let origin = element(reader.item, author, state) else { return false }
        let lamport = replicas[author].lamportEnd + reader.item.advance
        let address = replicas.address(of: origin.counter, by: origin.owner)
        guard lamport <= clock, kind(at: address) == .text,
            !hasSurrogates || !UTF16Unit.isHigh(text[Int(address)]),
            origin.owner == author || replicas.lamport(of: origin.counter, by: origin.owner) < lamport
        else { return false }
        insert(
            utf8: reader.columns.text.bytes,
            reader.item.bytes,
            count: reader.inserted,
            after: address,
            at: &state.gap,
            by: author,
            lamport: lamport
        )
        return true
    }

    @inline(__always)
    fileprivate mutating func erase(
        _ reader: inout HistoryReader,
        by author: Int,
        _ state: inout HistoryApplication
    ) -> Bool {
        guard let first = element(reader.item, author, state) else { return false }
        let count = UInt32(reader.item.count) * reader.item.deleteCount
        var start = first.counter
        if reader.item.kind == .eraseLeft {
            guard start >= count - 1 else { return false }
            start -= count - 1
        }
        guard count <= replicas[first.owner].nextCounter - start else { return false }
        let range = ElementRange(replica: UInt32(first.owner), counter: start, count: count)
        // Each change of its own must leave pairs whole, and delete nothing but text.
        guard canEraseSingly(range) else { return false }
        erase(range, at: &state.gap)
        return true
    }
}
