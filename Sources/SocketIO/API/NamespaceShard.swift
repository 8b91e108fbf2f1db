/// The sockets and rooms of a namespace on one event loop, and confined to it.
///
/// A room is a plain array, walked for each broadcast; each socket knows its index in it, so leaving is a swap with the
/// last member. The order of members therefore changes, which nobody sees. Sockets that are away and may recover their
/// state are members too: what is sent to them is kept.
final class NamespaceShard {
    private(set) var sockets: [String: Socket] = [:]
    private var rooms: [String: [Socket]] = [:]

    /// The names of the rooms somebody is in.
    var roomNames: some Sequence<String> { self.rooms.keys }

    func add(_ socket: Socket) {
        self.sockets[socket.id] = socket
    }

    func remove(_ socket: Socket) {
        for room in Array(socket.places.keys) { self.remove(socket, from: room) }
        // A socket that recovered the state of this one has its id.
        if self.sockets[socket.id] === socket { self.sockets[socket.id] = nil }
    }

    func add(_ socket: Socket, to room: String) {
        guard socket.places[room] == nil else { return }
        socket.places[room] = self.rooms[room, default: []].count
        self.rooms[room, default: []].append(socket)
    }

    func remove(_ socket: Socket, from room: String) {
        guard let place = socket.places.removeValue(forKey: room) else { return }
        guard let last = self.rooms[room]?.popLast() else { return }
        if last !== socket {
            self.rooms[room]?[place] = last
            last.places[room] = place
        }
        if self.rooms[room]?.isEmpty ?? false { self.rooms[room] = nil }
    }

    /// The members of a room.
    ///
    /// A socket's id is a room with one member.
    func members(of room: String) -> [Socket] {
        if let members = self.rooms[room] { return members }
        return self.sockets[room].map { [$0] } ?? []
    }
}

@available(*, unavailable)
extension NamespaceShard: Sendable {}
