/// The sockets and rooms of a namespace on one event loop, and confined to it.
///
/// A room is a ``Feed``, and each socket knows its place in it, so leaving is a swap with the last member. The order of
/// members therefore changes, which nobody sees. Sockets that are away and may recover their state are members too: what is
/// sent to them is kept.
final class NamespaceShard {
    private(set) var sockets: [WireName: Socket] = [:]
    private var rooms: [WireName: Feed] = [:]
    private let loop: LoopContext

    init(loop: LoopContext) {
        self.loop = loop
    }

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
        let feed = self.rooms[room] ?? Feed(loop: self.loop)
        self.rooms[room] = feed
        socket.places[room] = feed.add(socket)
    }

    func remove(_ socket: Socket, from room: String) {
        let room = WireName(room)
        guard let place = socket.places.removeValue(forKey: room) else { return }
        place.feed.remove(place)
        if place.feed.members.isEmpty { self.rooms[room] = nil }
    }

    /// What the members of a room are told; nil where nobody has entered a room of this name.
    func feed(of room: WireName) -> Feed? { self.rooms[room] }

    /// The members of a room.
    ///
    /// A socket's id is a room with one member.
    func members(of room: String) -> [Socket] {
        let room = WireName(room)
        if let feed = self.rooms[room] { return feed.members.map(\.socket) }
        return self.sockets[room].map { [$0] } ?? []
    }
}

@available(*, unavailable)
extension NamespaceShard: Sendable {}
