import Foundation

/// `Retry-After` (RFC 9110, section 10.2.3): a number of seconds, or a date.
enum RetryAfter {
    /// How many seconds to wait; nil for what is neither.
    ///
    /// `now`: Seconds since 1970.
    static func seconds(_ header: String, now: Double) -> Int? {
        if let seconds = Int(header) { return seconds }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        guard let date = formatter.date(from: header) else { return nil }
        return Int((date.timeIntervalSince1970 - now).rounded(.up))
    }
}
