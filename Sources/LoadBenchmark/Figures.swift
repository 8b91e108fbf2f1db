import Histogram

/// Sums that only rise; what a stretch of time brought is the difference of two.
struct Totals {
    var sent = 0
    var acked = 0
    var delivered = 0
    var presenceEvents = 0
    var bytesSent = 0
    var bytesReceived = 0

    static func - (left: Totals, right: Totals) -> Totals {
        Totals(
            sent: left.sent - right.sent,
            acked: left.acked - right.acked,
            delivered: left.delivered - right.delivered,
            presenceEvents: left.presenceEvents - right.presenceEvents,
            bytesSent: left.bytesSent - right.bytesSent,
            bytesReceived: left.bytesReceived - right.bytesReceived
        )
    }
}

/// What went wrong, and how long things took.
struct Figures {
    /// From a message's due time to its delivery, for what was due while it counted.
    var deliveryLatency = Self.histogram()
    /// The same for those who stopped reading for a while.
    var apartLatency = Self.histogram()
    /// From a message's due time to its ack.
    var ackLatency = Self.histogram()
    /// From opening a connection to being in the room.
    var joinLatency = Self.histogram()
    /// How long those who stopped reading took to be up to date again, in nanoseconds.
    var catchUps: [UInt64] = []

    /// How often a message came before one that was sent earlier, which may still be lost or late.
    var gaps = 0
    /// Messages that came again, or behind a later one.
    var duplicates = 0
    /// How often the server gave a client what it had missed at once.
    var resynchronised = 0
    /// What was refused, by code.
    var refused: [String: Int] = [:]
    /// Connections that ended by themselves, by reason.
    var lostConnections: [String: Int] = [:]
    /// The first thing that must not come, in words, and how many there were.
    var damage: String?
    var damageCount = 0

    /// Up to ten minutes, to three digits.
    private static func histogram() -> Histogram<UInt64> {
        Histogram(highestTrackableValue: 600_000_000_000, numberOfSignificantValueDigits: .three)
    }
}
