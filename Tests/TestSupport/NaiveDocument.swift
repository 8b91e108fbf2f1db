/// A whole document, element by element, as slow and as plain as can be: what the engine is compared with.
///
/// It takes changes as bytes, in causal order, and forgets nothing. It is written from the semantics and the format alone
/// and shares no line with the engine.
public struct NaiveDocument: Sendable {
    /// The name of an element.
    public typealias Name = NaiveRGA.Name

    /// What a container holds.
    public enum Kind: UInt8, Hashable, Sendable {
        case text, list, map
    }

    /// What a container is called: a root's kind and name, or the element that made it.
    public enum Home: Hashable, Sendable {
        case root(Kind, [UInt8])
        case element(Name)
    }

    /// A list item's or a map entry's value.
    public enum Value: Hashable, Sendable {
        case null
        case bool(Bool)
        case number(Double)
        case string([UInt8])
        case bytes([UInt8])
        case container(Kind, Name)
    }

    /// What an element is.
    public enum Payload: Hashable, Sendable {
        case unit(UInt16)
        case item(Value)
        /// Another place of an item.
        case move(of: Name)
        /// A value of a key, or nothing.
        case set([UInt8], Value?)
    }

    /// Everything that was ever inserted is one of these.
    public struct Element: Sendable {
        /// Its name.
        public var name: Name
        /// Its Lamport timestamp.
        public var lamport: UInt64
        /// What it is.
        public var payload: Payload
        /// How often it was deleted, minus how often it was restored.
        public var deletes = 0

        /// Whether it comes before `other` among the elements of one origin, and wins over it.
        func outranks(_ other: Element) -> Bool {
            lamport > other.lamport || (lamport == other.lamport && name.replica < other.name.replica)
        }
    }

    /// A container with its elements: a text's or a list's in order, dead ones among them; a map's in any order.
    public struct Container: Sendable {
        /// What it is called.
        public var home: Home
        /// What it holds.
        public var kind: Kind
        /// All that was ever put into it.
        public var elements: [Element] = []
    }

    /// A replica, as its changes tell.
    struct Author: Sendable {
        var replica: UInt64
        var changes: UInt64 = 0
        var elements: UInt32 = 0
        var lamportEnd: UInt64 = 0
    }

    /// All containers, roots and nested ones, reachable or not.
    public internal(set) var containers: [Container] = []
    /// All that made a change.
    var authors: [Author] = []

    /// An empty document.
    public init() {}

    // MARK: Lookups

    /// The place of a container in ``containers``.
    public func index(of home: Home) -> Int? {
        containers.firstIndex { $0.home == home }
    }

    /// Where an element is: in which container, at which place.
    public func place(of name: Name) -> (container: Int, element: Int)? {
        for container in containers.indices {
            let elements = containers[container].elements
            for index in elements.indices
            where elements[index].name.counter == name.counter && elements[index].name.replica == name.replica {
                return (container, index)
            }
        }
        return nil
    }

    // MARK: Content

    /// The visible text of a container.
    public func text(of container: Container) -> [UInt16] {
        container.elements.compactMap {
            if case .unit(let unit) = $0.payload, $0.deletes <= 0 { unit } else { nil }
        }
    }

    /// The visible items of a list: where each is, and its value.
    ///
    /// An item is at its greatest position.
    public func items(of list: Container) -> [(place: Int, item: Name, value: Value)] {
        var items: [(place: Int, item: Name, value: Value)] = []
        for (place, position) in list.elements.enumerated() {
            let name: Name
            if case .move(let item) = position.payload { name = item } else { name = position.name }
            let others = list.elements.filter { $0.name == name || $0.payload == .move(of: name) }
            guard !others.contains(where: { $0.outranks(position) }),
                let item = list.elements.first(where: { $0.name == name }),
                item.deletes <= 0, case .item(let value) = item.payload
            else { continue }
            items.append((place, name, value))
        }
        return items
    }

    /// What a map holds: per key the value of its greatest set, unless that is nothing.
    public func entries(of map: Container) -> [[UInt8]: Value] {
        var winners: [[UInt8]: Element] = [:]
        for element in map.elements {
            guard case .set(let key, _) = element.payload else { continue }
            if let winner = winners[key], winner.outranks(element) { continue }
            winners[key] = element
        }
        return winners.compactMapValues {
            if case .set(_, let value) = $0.payload { value } else { nil }
        }
    }
}
