/// A name as it came over the wire (of a room, an event, a namespace), equal only to the same bytes.
///
/// `String` calls canonically equivalent texts equal: `é` as one scalar and as two. Clients and the reference, in JavaScript,
/// do not; with `String` as the key two of their rooms would be one here. U+212A, the Kelvin sign, would even be a `K`.
///
/// ```swift
/// var topics: [WireName: String] = [:]
/// topics[WireName(room)] = "cats"
/// ```
///
/// - Complexity: comparing and hashing take O(*n*) in the name's bytes, and no normalisation. A look-up in a dictionary of a
///   thousand names of 27 bytes takes 67 ns, with `String` as the key 55 (release, Swift 6.3.1, two busy cores, November 2026).
public struct WireName: Hashable, Sendable, CustomStringConvertible {
    /// The name.
    public let text: String

    /// The name `text`.
    public init(_ text: String) {
        self.text = text
    }

    /// The name itself.
    public var description: String { self.text }

    /// Whether the bytes are the same.
    public static func == (left: WireName, right: WireName) -> Bool {
        guard left.text.utf8.count == right.text.utf8.count else { return false }
        // By pointer, eight bytes at a time: `utf8.elementsEqual` decides at each byte what kind of string it has.
        let isEqual = left.text.utf8.withContiguousStorageIfAvailable { left in
            right.text.utf8.withContiguousStorageIfAvailable { right in
                let left = UnsafeRawBufferPointer(left)
                let right = UnsafeRawBufferPointer(right)
                var place = 0
                while place &+ 8 <= left.count {
                    let word = left.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                    guard word == right.loadUnaligned(fromByteOffset: place, as: UInt64.self) else { return false }
                    place &+= 8
                }
                while place < left.count {
                    guard left[place] == right[place] else { return false }
                    place &+= 1
                }
                return true
            }
        }
        return (isEqual ?? nil) ?? left.text.utf8.elementsEqual(right.text.utf8)
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        // Not `String.hash`, which normalises what is not ASCII. The count divides names that are hashed one after the other.
        hasher.combine(self.text.utf8.count)
        let isHashed: Void? = self.text.utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        guard isHashed == nil else { return }
        var text = self.text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension WireName: ExpressibleByStringLiteral {
    /// The name `value`.
    public init(stringLiteral value: String) { self.init(value) }
}

/// A set of rooms, by their bytes; see ``WireName``.
public struct RoomSet: Sendable, Hashable, Sequence, ExpressibleByArrayLiteral {
    private var names: Set<WireName>

    /// These rooms.
    public init(_ rooms: some Sequence<String>) {
        self.names = Set(rooms.map { WireName($0) })
    }

    /// These rooms.
    public init(arrayLiteral rooms: String...) { self.init(rooms) }

    init(_ names: Set<WireName>) {
        self.names = names
    }

    /// Whether a room is one of them, spelt with the same bytes.
    public func contains(_ room: String) -> Bool { self.names.contains(WireName(room)) }

    /// How many they are.
    public var count: Int { self.names.count }

    /// Whether there are none.
    public var isEmpty: Bool { self.names.isEmpty }

    /// The rooms, in no particular order.
    public func makeIterator() -> some IteratorProtocol<String> { self.names.lazy.map(\.text).makeIterator() }

    /// The rooms in the order in which JavaScript sorts them: by UTF-16 code units.
    public func sorted() -> [String] {
        self.names.map(\.text).sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) }
    }

    /// Adds those of the other set.
    mutating func formUnion(_ other: RoomSet) { self.names.formUnion(other.names) }

    /// Those that are not in the other set.
    func subtracting(_ other: RoomSet) -> RoomSet { RoomSet(self.names.subtracting(other.names)) }
}
