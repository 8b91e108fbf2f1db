import NIOConcurrencyHelpers

/// Who is where: the names of the sockets in each room, in the order they came.
final class Roster: Sendable {
    struct Member: Sendable, Hashable {
        let socket: String
        let name: String
    }

    private let rooms = NIOLockedValueBox<[String: [Member]]>([:])

    /// Those in a room.
    func members(of room: String) -> [Member] { rooms.withLockedValue { $0[room] ?? [] } }

    /// Enters a socket; one that is there already stays.
    ///
    /// - Returns: whether it was not.
    @discardableResult
    func add(_ socket: String, name: String, to room: String) -> Bool {
        rooms.withLockedValue { rooms in
            if rooms[room]?.contains(where: { $0.socket == socket }) ?? false { return false }
            rooms[room, default: []].append(Member(socket: socket, name: name))
            return true
        }
    }

    /// Takes a socket out; a room without members is forgotten.
    ///
    /// - Returns: whether it was there.
    @discardableResult
    func remove(_ socket: String, from room: String) -> Bool {
        rooms.withLockedValue { rooms in
            guard let index = rooms[room]?.firstIndex(where: { $0.socket == socket }) else { return false }
            rooms[room]?.remove(at: index)
            if rooms[room]?.isEmpty ?? true { rooms[room] = nil }
            return true
        }
    }
}
