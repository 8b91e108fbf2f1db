import NIOConcurrencyHelpers
import SocketIO

/// Who is where: the names of the sockets in each room, in the order they came.
///
/// Each room is a list that its members are chained into, so that a room of ten thousand costs whoever joins or leaves it no
/// more than an empty one.
final class Roster: Sendable {
    struct Member: Sendable, Hashable {
        let socket: String
        let name: String
    }

    /// A member and its neighbours.
    private struct Link {
        let name: String
        var previous: String?
        var next: String?
    }

    private struct Room {
        var links: [String: Link] = [:]
        var first: String?
        var last: String?

        mutating func append(_ socket: String, _ name: String) -> Bool {
            guard links[socket] == nil else { return false }
            links[socket] = Link(name: name, previous: last)
            if let last { links[last]?.next = socket } else { first = socket }
            last = socket
            return true
        }

        mutating func remove(_ socket: String) -> Bool {
            guard let link = links.removeValue(forKey: socket) else { return false }
            if let previous = link.previous { links[previous]?.next = link.next } else { first = link.next }
            if let next = link.next { links[next]?.previous = link.previous } else { last = link.previous }
            return true
        }
    }

    private let rooms = NIOLockedValueBox<[WireName: Room]>([:])

    /// Those who have been in a room longest, at most `limit` of them, and how many there are in all.
    ///
    /// - Complexity: O(`limit`).
    func members(of room: String, limit: Int) -> (first: [Member], count: Int) {
        rooms.withLockedValue { rooms in
            guard let room = rooms[WireName(room)] else { return ([], 0) }
            var members: [Member] = []
            var place = room.first
            while let socket = place, members.count < limit, let link = room.links[socket] {
                members.append(Member(socket: socket, name: link.name))
                place = link.next
            }
            return (members, room.links.count)
        }
    }

    /// How many are in a room.
    func count(of room: String) -> Int { rooms.withLockedValue { $0[WireName(room)]?.links.count ?? 0 } }

    /// Enters a socket; one that is there already stays.
    ///
    /// - Returns: whether it was not.
    /// - Complexity: O(1).
    @discardableResult
    func add(_ socket: String, name: String, to room: String) -> Bool {
        rooms.withLockedValue { $0[WireName(room), default: Room()].append(socket, name) }
    }

    /// Takes a socket out; a room without members is forgotten.
    ///
    /// - Returns: whether it was there.
    /// - Complexity: O(1).
    @discardableResult
    func remove(_ socket: String, from room: String) -> Bool {
        rooms.withLockedValue { rooms in
            let room = WireName(room)
            guard rooms[room]?.remove(socket) ?? false else { return false }
            if rooms[room]?.links.isEmpty ?? true { rooms[room] = nil }
            return true
        }
    }
}
