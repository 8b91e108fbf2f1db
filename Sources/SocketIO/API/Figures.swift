import NIOCore
import Synchronization

/// How a namespace stands on this server: for dashboards and metrics.
public struct NamespaceFigures: Sendable, Hashable {
    /// Sockets in the namespace.
    public var sockets: Int
    /// Rooms with somebody in them, those of clients that may come back included; a socket's own id is not one.
    public var rooms: Int
    /// Events that came from clients since the server started.
    public var received: UInt64
    /// Events that went to clients since the server started, each receiver counted.
    public var sent: UInt64

    /// Events from clients that were over a rate limit.
    public var refused: UInt64

    /// Figures.
    public init(sockets: Int, rooms: Int, received: UInt64, sent: UInt64, refused: UInt64 = 0) {
        self.sockets = sockets
        self.rooms = rooms
        self.received = received
        self.sent = sent
        self.refused = refused
    }
}

extension Namespace {
    /// Counts.
    ///
    /// - Complexity: O(rooms), on each event loop.
    public func figures() async -> NamespaceFigures {
        NamespaceFigures(
            sockets: self.socketCount,
            rooms: await self.localRooms().count,
            received: self.traffic.received.load(ordering: .relaxed),
            sent: self.traffic.sent.load(ordering: .relaxed),
            refused: self.traffic.refused.load(ordering: .relaxed)
        )
    }

    /// The rooms with somebody in them, on this server.
    func localRooms() async -> Set<WireName> {
        var rooms: Set<WireName> = []
        for loop in self.loops.all {
            // It cannot fail unless the loop has ended, and then there are no rooms.
            rooms.formUnion((try? await loop.eventLoop.submit { Array(loop.shard(of: self).roomNames) }.get()) ?? [])
        }
        return rooms
    }
}

extension SocketIOServer {
    /// How many bytes wait to be sent, to all clients.
    ///
    /// - Complexity: O(connections), on each event loop.
    public func bufferedBytes() async -> Int {
        var sum = 0
        for loop in self.loops.all {
            // It cannot fail unless the loop has ended, and then nothing waits.
            let part = try? await loop.eventLoop.submit {
                loop.connections.values.reduce(0) { $0 + $1.bufferedBytes }
            }.get()
            sum += part ?? 0
        }
        return sum
    }

    /// The namespaces there are, in no particular order.
    public var namespaces: [Namespace] { self.existingNamespaces }
}
