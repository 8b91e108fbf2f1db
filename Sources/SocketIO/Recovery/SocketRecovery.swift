import NIOCore

/// What connection-state recovery knows of one socket; confined to the socket's loop.
struct SocketRecovery {
    /// The secret by which the client is known again.
    let pid: String
    let table: RecoveryTable
    var log: RecoveryLog
    /// What the client got last, when this socket takes over from another.
    var resumesAfter: String?
    /// Until when the client may come back; nil while it is there.
    var awayUntil: NIODeadline?
    /// Forgets the socket at that time.
    var timer: Scheduled<Void>?
    /// Another socket is about to take over.
    var isClaimed = false

    init(pid: String, table: RecoveryTable) {
        self.pid = pid
        self.table = table
        self.log = RecoveryLog(limits: table.limits, window: table.window, budget: table.budget)
    }

    mutating func sent(_ packet: EncodedPacket, offset: String, isVolatile: Bool) {
        self.log.sent(packet, offset: offset, isVolatile: isVolatile, now: .now())
    }
}

/// What a socket leaves to the one that takes over from it.
struct SocketLegacy {
    let log: RecoveryLog
    let rooms: RoomSet
    let awayUntil: NIODeadline
}
