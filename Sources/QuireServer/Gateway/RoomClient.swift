import Collaboration
import SocketIO

/// How a room reaches one participant: a connection in the server, something simpler in tests.
protocol RoomClient: AnyObject, Sendable {
    /// The participant's id; one client has the same in all rooms.
    var session: SessionID { get }

    /// The client's socket, where it has one: what is broadcast then goes there directly.
    var broadcastSocket: Socket? { get }

    /// Passes a packet on.
    ///
    /// Called on the room's event loop, in order; never waits.
    func deliver(_ packet: EncodedPacket)

    /// The room put the participant out, after telling it why.
    ///
    /// Called on the room's event loop.
    ///
    /// `membership`: which of its times in the room has ended; it may have joined again meanwhile.
    func expelled(from document: DocumentID, membership: Membership)
}

/// One time in one room, from a join to what ends it.
///
/// Numbers are not used twice by one client.
struct Membership: Hashable, Sendable {
    var number: UInt64
}
