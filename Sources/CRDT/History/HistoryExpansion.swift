/// The changes of an item, one by one.
struct HistoryExpansion {
    private let item: HistoryItem
    private let replicas: [HistoryReplica]
    /// How many elements the author had inserted before the item.
    private let elements: Int64

    init(_ item: HistoryItem, _ replicas: [HistoryReplica], elements: Int64) {
        self.item = item
        self.replicas = replicas
        self.elements = elements
    }

    /// The counter of the element that a change of an erasing item deletes.
    private func erased(_ index: Int) -> Int64 {
        item.first + (item.kind == .eraseLeft ? -Int64(index) : Int64(index))
    }

    /// One of the changes.
    ///
    /// - Parameters:
    ///   - index: which.
    ///   - text: what it inserts, as UTF-8.
    ///   - writer: writes it; whatever it held is forgotten.
    /// - Returns: that change.
    func change(_ index: Int, text: some Collection<UInt8>, _ writer: inout ChangeWriter) -> Change {
        let replica = replicas[item.author].id
        var dependencies = Version()
        if index == 0, let dependency = item.dependency {
            dependencies[replicas[dependency.replica].id] = dependency.count
        }
        writer.begin(dependencies: dependencies)
        switch item.kind {
        case .verbatim: break
        case .insert:
            var units: [UInt16] = []
            let bytes = Array(text)
            _ = UTF8Text.decode(bytes, in: 0..<bytes.count, into: &units)
            writer.insert(units, 0..<units.count, after: index == 0 ? origin : .newest)
        case .eraseLeft, .eraseRight, .delete:
            let counter = erased(index)
            if case .other(let owner, _) = item.reference {
                writer.delete(
                    of: replicas[owner].id,
                    counter: UInt32(truncatingIfNeeded: counter),
                    count: item.deleteCount
                )
            } else {
                writer.deleteOwn(distance: UInt32(truncatingIfNeeded: elements - counter), count: item.deleteCount)
            }
        }
        return writer.finish(
            replica: replica,
            sequence: item.sequence + UInt64(index),
            lamportAdvance: index == 0 ? item.advance : 0
        )
    }

    private var origin: ChangeWriter.Origin {
        switch item.reference {
        case .own(let counter):
            let distance = UInt32(truncatingIfNeeded: elements - counter)
            return distance == 1 ? .newest : .own(distance: distance)
        case .other(let owner, let counter): return .other(replicas[owner].id, counter: counter)
        }
    }
}
