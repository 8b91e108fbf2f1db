/// A copy of a document's content that is told of nothing but edits and patches: what an editor would show.
struct Mirror: Equatable {
    typealias Home = NaiveDocument.Home
    typealias Value = NaiveDocument.Value

    var texts: [Home: [UInt16]] = [:]
    var lists: [Home: [Value]] = [:]
    var maps: [Home: [[UInt8]: Value]] = [:]
}

extension Mirror {
    /// What the oracle says the content is; containers in which nothing is are left out.
    init(_ document: NaiveDocument) {
        for container in document.containers {
            switch container.kind {
            case .text:
                let text = document.text(of: container)
                if !text.isEmpty { texts[container.home] = text }
            case .list:
                let items = document.items(of: container)
                if !items.isEmpty { lists[container.home] = items.map(\.value) }
            case .map:
                let entries = document.entries(of: container)
                if !entries.isEmpty { maps[container.home] = entries }
            }
        }
    }

    /// Itself without containers in which nothing is.
    var filled: Mirror {
        Mirror(
            texts: texts.filter { !$0.value.isEmpty },
            lists: lists.filter { !$0.value.isEmpty },
            maps: maps.filter { !$0.value.isEmpty }
        )
    }
}
