import Collaboration
internal import CoreMetrics
import SQLiteStore

/// What this server counts: the names, and the counters at hand where something happens.
///
/// All of them exist from the start, so that none springs into being with its first event.
final class ServerMetrics: Sendable {
    /// Every name there is.
    static let descriptions: [String: MetricsRegistry.Description] = [
        "quire_changes_total": .counter("Changes and edits that were accepted."),
        "quire_change_bytes_total": .counter("Bytes of the changes that were accepted."),
        "quire_ack_latency_seconds": .seconds("Time from the acceptance of a change until it was on disk."),
        "quire_commit_entries": .counts("Changes written in one transaction (group commit)."),
        "quire_commit_seconds": .seconds("Time that one transaction took."),
        "quire_resyncs_total": .counter("Participants that fell behind, and were brought up to date or put out."),
        "quire_refusals_total": .counter("Requests refused, by code."),
        "quire_http_requests_total": .counter("HTTP requests answered, by class of status; long polling not counted."),
        "quire_http_request_seconds": .seconds("Time that answering an HTTP request took; long polling not counted."),
        "quire_webhooks_total": .counter("Attempts to tell receivers of webhooks, by outcome, and what was dropped."),
        "quire_webhooks_waiting": .gauge("Webhooks that wait to be delivered."),
        "quire_webhooks_dead": .gauge("Webhooks that were given up, and are kept."),
        "quire_connections": .gauge("Connections of clients."),
        "quire_outbound_bytes": .gauge("Bytes that wait to be sent to clients."),
        "quire_sockets": .gauge("Sockets, by namespace."),
        "quire_events_received_total": .counter("Events from clients, by namespace."),
        "quire_events_sent_total": .counter("Events to clients, each receiver counted, by namespace."),
        "quire_events_refused_total": .counter("Events over a rate limit, by namespace."),
        "quire_documents_open": .gauge("Documents in memory."),
        "quire_participants": .gauge("Participants of all open documents."),
        "quire_document_bytes": .gauge("Bytes of content of all open documents."),
        "quire_document_bytes_max": .gauge("Bytes of content of the largest open document."),
        "quire_store_queue_bytes": .gauge("Bytes that wait to be written to the disk."),
        "quire_tls_certificate_end_seconds": .gauge("When the certificate ends, in seconds since 1970."),
        "quire_redis_connected": .gauge("Whether commands reach Redis and all channels are listened to."),
        "quire_redis_reconnects_total": .counter("Connections to Redis that were lost and made again."),
        "quire_redis_waiting_commands": .gauge("Commands that wait for Redis or for a connection to it."),
        "quire_redis_published_total": .counter("Messages to the other servers that Redis took."),
        "quire_redis_received_total": .counter("Messages of other servers and emitters."),
        "quire_redis_gaps_total": .counter("Subscriptions that were interrupted, and missed messages of others."),
        "quire_redis_dropped_total": .counter(
            "Messages that Redis did not take (unpublished), or that came and were none (unreadable)."
        ),
        "process_resident_memory_bytes": .gauge("Resident memory of the process."),
        "process_cpu_seconds_total": .counter("Processor time of the process."),
        "process_open_fds": .gauge("File descriptors of the process."),
        "process_start_time_seconds": .gauge("When the process started, in seconds since 1970."),
    ]

    let registry = MetricsRegistry(descriptions)

    private let changes: Counter
    private let changeBytes: Counter
    private let resyncs: Counter
    private let ackLatency: Timer
    private let commitEntries: Recorder
    private let commitTime: Timer
    private let refusals: [String: Counter]
    private let otherRefusals: Counter
    private let webhooks: [String: Counter]
    private let httpRequests: [Counter]
    private let httpTime: Timer

    init() {
        _ = ProcessFigures.started
        let registry = self.registry
        func counter(_ label: String, _ dimensions: [(String, String)] = []) -> Counter {
            Counter(label: label, dimensions: dimensions, factory: registry)
        }
        changes = counter("quire_changes_total")
        changeBytes = counter("quire_change_bytes_total")
        resyncs = counter("quire_resyncs_total")
        ackLatency = Timer(label: "quire_ack_latency_seconds", factory: registry)
        commitEntries = Recorder(label: "quire_commit_entries", factory: registry)
        commitTime = Timer(label: "quire_commit_seconds", factory: registry)
        var refusals: [String: Counter] = [:]
        let codes =
            RequestError.Code.allCases.map(\.rawValue) + RoomError.Code.allCases.map(\.rawValue)
            + AuthenticationError.Code.allCases.map(\.rawValue)
        for code in codes { refusals[code] = counter("quire_refusals_total", [("code", code)]) }
        self.refusals = refusals
        otherRefusals = counter("quire_refusals_total", [("code", "OTHER")])
        webhooks = Dictionary(
            uniqueKeysWithValues: ["delivered", "failed", "dead", "dropped"].map { outcome in
                (outcome, counter("quire_webhooks_total", [("outcome", outcome)]))
            }
        )
        httpRequests = (1...5).map { counter("quire_http_requests_total", [("status", "\($0)xx")]) }
        httpTime = Timer(label: "quire_http_request_seconds", factory: registry)
    }

    /// A request was refused, over Socket.IO or HTTP.
    func refused(_ code: String) {
        // Codes are a fixed list; what is none must not become a label of its own.
        (refusals[code] ?? otherRefusals).increment()
    }

    /// A receiver took what it was told.
    func webhookDelivered() { webhooks["delivered"]?.increment() }

    /// A receiver did not take it, now or for good.
    func webhookFailed(isGivenUp: Bool) {
        webhooks["failed"]?.increment()
        if isGivenUp { webhooks["dead"]?.increment() }
    }

    /// More waited than there may.
    func webhooksDropped(_ count: Int) { webhooks["dropped"]?.increment(by: count) }

    /// An HTTP request was answered.
    func answered(status: Int, nanoseconds: Int64) {
        httpRequests[min(max(status / 100, 1), 5) - 1].increment()
        httpTime.recordNanoseconds(nanoseconds)
    }
}

extension ServerMetrics: RoomObserver {
    func changeAccepted(byteCount: Int) {
        changes.increment()
        changeBytes.increment(by: byteCount)
    }

    func changeStored(nanoseconds: UInt64) { ackLatency.recordNanoseconds(Int64(clamping: nanoseconds)) }

    func participantFellBehind() { resyncs.increment() }
}

extension ServerMetrics: StoreObserver {
    func committed(entries: Int, nanoseconds: UInt64) {
        commitEntries.record(entries)
        commitTime.recordNanoseconds(Int64(clamping: nanoseconds))
    }
}

extension MetricsRegistry.Description {
    fileprivate static func counter(_ help: String) -> Self { Self(kind: .counter, help: help) }
    fileprivate static func gauge(_ help: String) -> Self { Self(kind: .gauge, help: help) }

    /// Of nanoseconds, from a tenth of a millisecond to ten seconds.
    fileprivate static func seconds(_ help: String) -> Self {
        let microseconds: [UInt64] = [
            100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
            5_000_000, 10_000_000,
        ]
        return Self(kind: .histogram(bounds: microseconds.map { $0 * 1000 }, scale: 1e-9), help: help)
    }

    fileprivate static func counts(_ help: String) -> Self {
        Self(kind: .histogram(bounds: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000], scale: 1), help: help)
    }
}
