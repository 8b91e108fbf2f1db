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

    /// Figures.
    public init(sockets: Int, rooms: Int, received: UInt64, sent: UInt64) {
        self.sockets = sockets
        self.rooms = rooms
        self.received = received
        self.sent = sent
    }
}

extension Namespace {
    /// Counts.
    ///
    /// - Complexity: O(rooms), on each event loop.
    public func figures() async -> NamespaceFigures {
        var rooms: Set<WireName> = []
        for loop in self.loops.all {
            // It cannot fail unless the loop has ended, and then there are no rooms.
            rooms.formUnion((try? await loop.eventLoop.submit { Array(loop.shard(of: self).roomNames) }.get()) ?? [])
        }
        return NamespaceFigures(
            sockets: self.socketCount,
            rooms: rooms.count,
            received: self.traffic.received.load(ordering: .relaxed),
            sent: self.traffic.sent.load(ordering: .relaxed)
        )
    }
}

extension SocketIOServer {
    /// The namespaces there are, in no particular order.
    public var namespaces: [Namespace] { self.existingNamespaces }
}
