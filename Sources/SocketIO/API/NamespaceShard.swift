/// The sockets and rooms of a namespace on one event loop, and confined to it.
///
/// A room is a ``Feed``, and each socket knows its place in it, so leaving is a swap with the last member. The order of
/// members therefore changes, which nobody sees. Sockets that are away and may recover their state are members too: what is
/// sent to them is kept.
final class NamespaceShard {
    private(set) var sockets: [String: Socket] = [:]
    private var rooms: [String: Feed] = [:]
    private let loop: LoopContext

    init(loop: LoopContext) {
        self.loop = loop
    }

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
        let feed = self.rooms[room] ?? Feed(loop: self.loop)
        self.rooms[room] = feed
        socket.places[room] = feed.add(socket)
    }

    func remove(_ socket: Socket, from room: String) {
        guard let place = socket.places.removeValue(forKey: room) else { return }
        place.feed.remove(place)
        if place.feed.members.isEmpty { self.rooms[room] = nil }
    }

    /// What the members of a room are told; nil where nobody has entered a room of this name.
    func feed(of room: String) -> Feed? { self.rooms[room] }

    /// The members of a room.
    ///
    /// A socket's id is a room with one member.
    func members(of room: String) -> [Socket] {
        if let feed = self.rooms[room] { return feed.members.map(\.socket) }
        return self.sockets[room].map { [$0] } ?? []
    }
}

@available(*, unavailable)
extension NamespaceShard: Sendable {}
