import CRDT

/// A copy of a document's content that is told of nothing but edits and patches: what an editor would show.
///
/// It keeps containers that are out of sight, because edits still reach them, and so may undo.
struct Mirror: Equatable {
    typealias Home = NaiveDocument.Home
    typealias Value = NaiveDocument.Value

    var texts: [Home: [UInt16]] = [:]
    var lists: [Home: [Value]] = [:]
    var maps: [Home: [[UInt8]: Value]] = [:]
    /// Whether it was told of something at a place that it has not.
    var wasMisled = false
}

extension Mirror {
    /// What the oracle says the content is; containers in which nothing is are left out.
    init(_ document: NaiveDocument) {
        for container in document.containers {
            switch container.kind {
            case .text: texts[container.home] = document.text(of: container)
            case .list: lists[container.home] = document.items(of: container).map(\.value)
            case .map: maps[container.home] = document.entries(of: container)
            }
        }
        self = filled
    }

    /// Itself without containers in which nothing is.
    var filled: Mirror {
        Mirror(
            texts: texts.filter { !$0.value.isEmpty },
            lists: lists.filter { !$0.value.isEmpty },
            maps: maps.filter { !$0.value.isEmpty }
        )
    }

    /// Makes room for the containers among values that have just appeared, or appear again as they were.
    mutating func open(_ values: some Sequence<Value>) {
        for case .container(let kind, let name) in values { open(.init(home: .element(name), kind: kind)) }
    }

    /// Makes room for a container.
    mutating func open(_ container: NaiveDocument.Container) {
        switch container.kind {
        case .text: texts[container.home] = texts[container.home] ?? []
        case .list: lists[container.home] = lists[container.home] ?? []
        case .map: maps[container.home] = maps[container.home] ?? [:]
        }
    }

    /// Itself without the nested containers that `other` knows nothing of.
    func restricted(to other: Mirror) -> Mirror {
        func isRoot(_ home: Home) -> Bool {
            if case .root = home { true } else { false }
        }
        return Mirror(
            texts: texts.filter { isRoot($0.key) || other.texts[$0.key] != nil },
            lists: lists.filter { isRoot($0.key) || other.lists[$0.key] != nil },
            maps: maps.filter { isRoot($0.key) || other.maps[$0.key] != nil }
        )
    }

    /// The places of the nested containers among some, in an order that is the same in each run; a dictionary's is not.
    static func nested(_ homes: some Sequence<Home>) -> [ContainerPlace] {
        homes.compactMap { home -> (NaiveDocument.Name, ContainerPlace)? in
            guard case .element(let name) = home, !home.isOfNobody, let place = try? home.place else { return nil }
            return (name, place)
        }
        .sorted { ($0.0.replica, $0.0.counter) < ($1.0.replica, $1.0.counter) }.map(\.1)
    }
}
