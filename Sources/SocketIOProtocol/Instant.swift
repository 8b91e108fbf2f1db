/// A point in monotonic time, in nanoseconds since an origin the caller chose.
///
/// The state machines of this module never read a clock: each event says when it happened. `NIODeadline.uptimeNanoseconds`
/// is a fitting source; a test writes the numbers itself.
public struct Instant: InstantProtocol, Sendable {
    /// Nanoseconds since the caller's origin.
    public var nanoseconds: UInt64

    /// Makes an instant from nanoseconds since the caller's origin.
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// The instant `duration` later (or earlier, when it is negative), held within what 64 bits can say.
    public func advanced(by duration: Duration) -> Instant {
        let delta = duration.wholeNanoseconds
        if delta >= 0 {
            let (sum, overflow) = self.nanoseconds.addingReportingOverflow(UInt64(delta))
            return Instant(nanoseconds: overflow ? .max : sum)
        }
        let (difference, overflow) = self.nanoseconds.subtractingReportingOverflow(delta.magnitude)
        return Instant(nanoseconds: overflow ? 0 : difference)
    }

    /// The time from this instant to `other`; negative when `other` is earlier.
    public func duration(to other: Instant) -> Duration {
        if other.nanoseconds >= self.nanoseconds {
            return .nanoseconds(Int64(clamping: other.nanoseconds - self.nanoseconds))
        }
        return .nanoseconds(-Int64(clamping: self.nanoseconds - other.nanoseconds))
    }

    /// Whether `left` is earlier than `right`.
    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The instant `duration` after `instant`.
    public static func + (instant: Instant, duration: Duration) -> Instant {
        instant.advanced(by: duration)
    }
}

extension Duration {
    /// The duration in nanoseconds, held within 64 bits.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        if overflow || carry {
            return seconds < 0 ? .min : .max
        }
        return sum
    }

    /// The duration in whole milliseconds, as the handshake spells it.
    var wholeMilliseconds: Int {
        Int(clamping: self.wholeNanoseconds / 1_000_000)
    }
}
