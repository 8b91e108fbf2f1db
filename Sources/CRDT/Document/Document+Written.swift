// Edits of lists and maps are written first and then done as if they had been received: one way in for both.

extension Document {
    /// What a change says of content: nested containers are created first and filled by operations of their own.
    static func written(_ content: Content) -> ChangeWriter.WrittenValue {
        switch content {
        case .null: .plain(.null)
        case .bool(let bool): .plain(.bool(bool))
        case .number(let number): .plain(.number(number))
        case .string(let utf8): .plain(.string(utf8))
        case .bytes(let bytes): .plain(.bytes(bytes))
        case .text: .new(.text)
        case .list: .new(.list)
        case .map: .new(.map)
        }
    }

    /// Fills a container that was just created; nothing when the content is none.
    mutating func fill(_ container: UInt32?, _ content: Content, by author: Int) {
        guard let container else { return }
        switch content {
        case .text(let units): if !units.isEmpty { fill(text: container, units, by: author) }
        case .list(let items):
            if items.isEmpty { return }
            let list = ListID(store.place(of: container))
            perform(ListEdit(list: list, action: .splice(index: 0, deleteCount: 0, insert: items)), by: author)
        case .map(let entries):
            for entry in entries { set(entry.key, in: container, to: entry.content, by: author) }
        default: break
        }
    }

    /// Does the operation that was written last.
    mutating func performWritten(by author: Int) {
        var reader = OperationReader(
            writer.operations,
            writer.lastOperation..<writer.operations.count,
            shape: .single,
            author: replica,
            replicas: writer.numberedReplicas()
        )
        do throws(ChangeError) {
            try resolver.resolve(
                &reader,
                writer.operations,
                by: replica,
                advance: store.clock - store.replicas[author].lamportEnd,
                in: store
            )
        } catch {
            preconditionFailure("An edit that was checked is refused.")
        }
        var list = PatchList([])
        performResolved(by: author, &list)
    }
}
