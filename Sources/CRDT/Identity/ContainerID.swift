/// What a container holds, and so how it is edited.
public enum ContainerKind: UInt8, BitwiseCopyable, Hashable, Sendable {
    /// UTF-16 code units in order.
    case text = 0
    /// Values in order, which can be moved.
    case list = 1
    /// Values by key.
    case map = 2
}

/// How a container is found: by its name, or by the element whose value it is.
public enum ContainerPlace: Hashable, Sendable {
    /// One of the document's own; it exists under any name. Each kind has names of its own.
    case root(RootName)
    /// The list item or the map entry that it was created in; it stays the same wherever the item is moved.
    case nested(ElementID)

    /// The name of a root, `nil` for a nested container.
    public var rootName: RootName? {
        if case .root(let name) = self { name } else { nil }
    }
}

/// The name of a text, the same on every replica.
///
///     let body: TextID = "body"
public struct TextID: Hashable, Sendable, ExpressibleByStringLiteral {
    /// Where it is.
    public let place: ContainerPlace

    /// Names the text at a place.
    public init(_ place: ContainerPlace) { self.place = place }

    /// Names a root.
    public init(_ root: RootName) { place = .root(root) }

    /// Names the root of a literal, which has 1 to 256 bytes.
    public init(stringLiteral value: StaticString) { place = .root(RootName(stringLiteral: value)) }
}

/// The name of a list, the same on every replica.
///
///     let cards = ListID("cards")
public struct ListID: Hashable, Sendable {
    /// Where it is.
    public let place: ContainerPlace

    /// Names the list at a place.
    public init(_ place: ContainerPlace) { self.place = place }

    /// Names a root.
    public init(_ root: RootName) { place = .root(root) }
}

/// The name of a map, the same on every replica.
///
///     let shapes = MapID("shapes")
public struct MapID: Hashable, Sendable {
    /// Where it is.
    public let place: ContainerPlace

    /// Names the map at a place.
    public init(_ place: ContainerPlace) { self.place = place }

    /// Names a root.
    public init(_ root: RootName) { place = .root(root) }
}

/// The name of a container of any kind.
public enum ContainerID: Hashable, Sendable {
    /// A text.
    case text(TextID)
    /// A list.
    case list(ListID)
    /// A map.
    case map(MapID)

    /// Names a container of a kind at a place.
    public init(_ kind: ContainerKind, _ place: ContainerPlace) {
        switch kind {
        case .text: self = .text(TextID(place))
        case .list: self = .list(ListID(place))
        case .map: self = .map(MapID(place))
        }
    }

    /// What it holds.
    public var kind: ContainerKind {
        switch self {
        case .text: .text
        case .list: .list
        case .map: .map
        }
    }

    /// Where it is.
    public var place: ContainerPlace {
        switch self {
        case .text(let id): id.place
        case .list(let id): id.place
        case .map(let id): id.place
        }
    }
}

/// One step of the way from a root down to a nested container.
public enum PathComponent: Hashable, Sendable {
    /// The value of a key of a map.
    case key([UInt8])
    /// The item at an index of a list.
    case index(Int)
}
