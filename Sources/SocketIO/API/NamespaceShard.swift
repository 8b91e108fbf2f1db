/// The sockets and rooms of a namespace on one event loop, and confined to it.
///
/// A room is a plain array, walked for each broadcast; each socket knows its index in it, so leaving is a swap with the
/// last member. The order of members therefore changes, which nobody sees. Sockets that are away and may recover their
/// state are members too: what is sent to them is kept.
final class NamespaceShard {
    private(set) var sockets: [WireName: Socket] = [:]
    private var rooms: [WireName: [Socket]] = [:]

    /// The names of the rooms somebody is in.
    var roomNames: some Sequence<WireName> { self.rooms.keys }

    func add(_ socket: Socket) {
        self.sockets[WireName(socket.id)] = socket
    }

    func remove(_ socket: Socket) {
        for room in Array(socket.places.keys) { self.remove(socket, from: room.text) }
        // A socket that recovered the state of this one has its id.
        let id = WireName(socket.id)
        if self.sockets[id] === socket { self.sockets[id] = nil }
    }

    func add(_ socket: Socket, to room: String) {
        let room = WireName(room)
        guard socket.places[room] == nil else { return }
        socket.places[room] = self.rooms[room, default: []].count
        self.rooms[room, default: []].append(socket)
    }

    func remove(_ socket: Socket, from room: String) {
        let room = WireName(room)
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
        let room = WireName(room)
        if let members = self.rooms[room] { return members }
        return self.sockets[room].map { [$0] } ?? []
    }
}

@available(*, unavailable)
extension NamespaceShard: Sendable {}
