public import Logging
import SocketIOProtocol

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How log lines look.
public enum LogFormat: String, Sendable, CaseIterable {
    /// `2026-11-22T21:00:00.123Z info listening host=127.0.0.1 port=8080`
    case text
    /// One JSON object a line.
    case json
}

/// Writes one line an event to a file descriptor, the metadata as fields of their own.
///
/// Whatever a client can influence reaches the log as metadata, where control characters are escaped: nobody can forge
/// a line.
public struct StructuredLogHandler: LogHandler {
    /// What is written beside each event.
    public var metadata: Logger.Metadata = [:]

    /// What asks for more metadata at each event.
    public var metadataProvider: Logger.MetadataProvider?

    /// Events below it are dropped.
    public var logLevel: Logger.Level

    private let label: String
    private let format: LogFormat
    private let descriptor: Int32

    /// A handler that writes to standard error, unless told otherwise.
    public init(label: String, format: LogFormat, level: Logger.Level, descriptor: Int32 = 2) {
        self.label = label
        self.format = format
        self.logLevel = level
        self.descriptor = descriptor
    }

    /// One field of `metadata`.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one event.
    public func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { _, new in new } }
        if let given = event.metadata { fields.merge(given) { _, new in new } }
        var line = Self.line(
            format: format,
            time: WallClock.timestamp(),
            level: event.level,
            label: label,
            message: "\(event.message)",
            fields: fields
        )
        line.append(UInt8(ascii: "\n"))
        // One write a line, so that lines of several threads do not mix. A log that cannot be written is no reason to
        // stop serving.
        var rest = line[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }

    /// One line, without its end.
    static func line(
        format: LogFormat,
        time: String,
        level: Logger.Level,
        label: String,
        message: String,
        fields: Logger.Metadata
    ) -> [UInt8] {
        let sorted = fields.sorted { $0.key < $1.key }
        switch format {
        case .json:
            var object = JSONObject([
                ("time", .string(time)), ("level", .string(level.rawValue)), ("logger", .string(label)),
                ("message", .string(message)),
            ])
            for (key, value) in sorted where object[key] == nil { object[key] = .string("\(value)") }
            return JSON.object(object).serialize()
        case .text:
            var line = Array("\(time) \(level.rawValue) ".utf8) + plain(message)
            for (key, value) in sorted {
                line += Array(" \(key)=".utf8)
                line += word("\(value)")
            }
            return line
        }
    }

    /// Text without control characters.
    private static func plain(_ text: String) -> [UInt8] {
        text.utf8.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: " ") : $0 }
    }

    /// A value as one word: quoted when it is not obviously one.
    private static func word(_ value: String) -> [UInt8] {
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x3D }
        return isPlain ? Array(value.utf8) : JSON.string(value).serialize()
    }
}

/// The time of day.
enum WallClock {
    /// Seconds since 1970.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The time in UTC as RFC 3339 writes it, with milliseconds.
    static func timestamp() -> String { timestamp(of: now) }

    /// Seconds since 1970 in the same form.
    static func timestamp(of time: Double) -> String {
        let milliseconds = Int((time * 1_000).rounded(.down))
        var seconds = time_t(milliseconds / 1_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func digits(_ value: Int, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        let date =
            "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))"
        let clock = "\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):\(digits(Int(parts.tm_sec), 2))"
        return "\(date)T\(clock).\(digits(milliseconds % 1_000, 3))Z"
    }
}
