import HTTPTypes
import Hummingbird
import RedisCluster
import SocketIO

/// `GET /metrics`: what was counted, and how everything stands now, for Prometheus.
struct MetricsRoutes: Sendable {
    /// How many namespaces have samples of their own; clients can make more where patterns allow it.
    static let namespaceLimit = 50

    let metrics: ServerMetrics
    let sockets: SocketIOServer
    let hosts: RoomHosts
    let authenticator: Authenticator
    /// Whether whoever reaches the server may read them.
    let isOpen: Bool
    /// When the certificate ends, in seconds since 1970; nil without one.
    let certificateEnd: @Sendable () -> Int?
    /// Webhooks that wait and that are given up; nil when there are no receivers.
    let webhookCounts: @Sendable () async -> (waiting: Int, givenUp: Int)?
    /// Bytes that wait for the disk.
    let waitingForDisk: @Sendable () -> Int
    /// The cluster's Redis; nil without one.
    var redis: RedisNode?

    func add(to router: Router<BasicRequestContext>) {
        router.get("/metrics") { request, _ in try await metrics(request) }
    }

    private func metrics(_ request: Request) async throws -> Response {
        if !isOpen {
            guard try await authenticator.principal(of: request).isAdministrator else {
                throw RequestError(.forbidden, "metrics need a token with the role admin for every document")
            }
        }
        let families = metrics.registry.families() + (await gauges())
        let text = PrometheusText.write(families.sorted { $0.name < $1.name })
        return HTTPReply.bytes(Array(text.utf8), contentType: PrometheusText.contentType)
    }

    /// How things stand at this moment.
    private func gauges() async -> [MetricsRegistry.Family] {
        let documents = await hosts.figures()
        var families = [
            Self.family("quire_connections", sockets.connectionCount),
            Self.family("quire_outbound_bytes", await sockets.bufferedBytes()),
            Self.family("quire_documents_open", documents.open),
            Self.family("quire_participants", documents.participants),
            Self.family("quire_document_bytes", documents.bytes),
            Self.family("quire_document_bytes_max", documents.largest),
            Self.family("quire_store_queue_bytes", waitingForDisk()),
        ]
        families += await namespaces()
        if let webhooks = await webhookCounts() {
            families.append(Self.family("quire_webhooks_waiting", webhooks.waiting))
            families.append(Self.family("quire_webhooks_dead", webhooks.givenUp))
        }
        if let redis { families += await Self.families(redis) }
        if let end = certificateEnd() { families.append(Self.family("quire_tls_certificate_end_seconds", end)) }
        let process = ProcessFigures()
        let figures: [(String, Double?)] = [
            ("process_resident_memory_bytes", ResidentMemory.byteCount.map(Double.init)),
            ("process_cpu_seconds_total", process.cpuSeconds),
            ("process_open_fds", process.openDescriptors.map(Double.init)),
            ("process_start_time_seconds", ProcessFigures.started),
        ]
        for case (let name, let value?) in figures { families.append(Self.family(name, value)) }
        return families
    }

    private func namespaces() async -> [MetricsRegistry.Family] {
        let names = [
            "quire_sockets", "quire_events_received_total", "quire_events_sent_total", "quire_events_refused_total",
        ]
        var samples = [[MetricsRegistry.Sample]](repeating: [], count: names.count)
        for namespace in sockets.namespaces.sorted(by: { $0.name < $1.name }).prefix(Self.namespaceLimit) {
            let figures = await namespace.figures()
            let values = [
                Double(figures.sockets), Double(figures.received), Double(figures.sent), Double(figures.refused),
            ]
            for (index, value) in values.enumerated() {
                let label = MetricsRegistry.Label(name: "namespace", value: namespace.name)
                samples[index].append(.init(labels: [label], value: .number(value)))
            }
        }
        return zip(names, samples).compactMap { Self.family($0, $1) }
    }

    private static func families(_ redis: RedisNode) async -> [MetricsRegistry.Family] {
        let (client, adapter) = await redis.figures()
        let dropped = [("unpublished", adapter.unpublished), ("unreadable", adapter.unreadable)]
        return [
            family("quire_redis_connected", client.isConnected ? 1 : 0),
            family("quire_redis_reconnects_total", client.reconnects),
            family("quire_redis_waiting_commands", client.waitingCommands),
            family("quire_redis_published_total", adapter.published),
            family("quire_redis_received_total", adapter.received),
            family("quire_redis_gaps_total", adapter.gaps),
            family(
                "quire_redis_dropped_total",
                dropped.map { .init(labels: [.init(name: "reason", value: $0.0)], value: .number(Double($0.1))) }
            ),
        ]
    }

    private static func family(_ name: String, _ value: Int) -> MetricsRegistry.Family { family(name, Double(value)) }

    private static func family(_ name: String, _ value: Double) -> MetricsRegistry.Family {
        family(name, [.init(labels: [], value: .number(value))])
    }

    private static func family(_ name: String, _ samples: [MetricsRegistry.Sample]) -> MetricsRegistry.Family {
        guard let description = ServerMetrics.descriptions[name] else {
            preconditionFailure("\(name) has no description")
        }
        return .init(name: name, description: description, samples: samples)
    }
}

/// Counts HTTP requests, what they took and what they were refused for.
struct MetricsMiddleware<Context: RequestContext>: RouterMiddleware {
    let metrics: ServerMetrics

    @concurrent
    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        metrics.answered(status: response.status.code, nanoseconds: nanoseconds)
        return response
    }
}
