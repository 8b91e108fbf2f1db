import Collaboration
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
import SQLiteStore
public import ServiceLifecycle
import SocketIO
import SocketIOProtocol

/// The whole server: documents in a SQLite file, `/docs` and the other gateways over Socket.IO, the HTTP interface and the
/// samples.
///
/// Run it in a `ServiceGroup`. A graceful shutdown tells the clients, stores everything and returns.
///
///     let server = try QuireServer(configuration: configuration, logger: logger)
///     let group = ServiceGroup(services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
///     try await group.run()
public struct QuireServer: Service, CustomStringConvertible {
    private let configuration: ServerConfiguration
    private let logger: Logger
    private let onListening: @Sendable (Int) -> Void

    /// The name in the logs of the lifecycle.
    public var description: String { "Quire" }

    /// A server that listens once it is run.
    ///
    /// `onListening`: Called once, with the port, when clients can connect.
    /// - Throws: when the configuration cannot work or is not safe.
    public init(
        configuration: ServerConfiguration,
        logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) throws(ConfigurationError) {
        try configuration.validate()
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until it is told to stop.
    ///
    /// - Throws: when the database or the address cannot be had.
    public func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoopCount)
        do {
            let metrics = ServerMetrics()
            let store = try SQLiteStore(
                configuration: .init(path: configuration.databasePath),
                logger: logger,
                observer: metrics
            )
            do {
                try await serve(store: store, metrics: metrics, group: group)
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
        logger.notice("stopped")
    }

    private func serve(store: SQLiteStore, metrics: ServerMetrics, group: any EventLoopGroup) async throws {
        let tls = try configuration.tls.map { try TLSIdentityKeeper($0, logger: logger) }
        let keys = await KeyRing(configuration: configuration, logger: logger)
        try await keys?.load()
        let revocations = Revocations()
        try await RevocationKeeper.load(store, into: revocations, logger: logger)
        let authenticator = Authenticator(
            configuration: configuration,
            keys: keys,
            revocations: revocations,
            metrics: metrics
        )
        let versionActivity = DocumentActivity()
        let webhooks = try Webhooks(
            configuration.webhooks,
            store: store,
            metrics: metrics,
            group: group,
            logger: logger
        )
        try await webhooks?.start()
        let activity = [versionActivity] + (webhooks.map { [$0.service.activity] } ?? [])
        let observed = ObservedStore(base: store, activity: activity)
        let hosts = RoomHosts(
            group: group,
            store: observed,
            limits: configuration.limits,
            logger: logger,
            metrics: metrics,
            observer: webhooks?.service.intake
        )
        let redis = configuration.redis.map { RedisNode($0, eventLoop: group.any(), logger: logger) }
        let sockets = SocketIOServer(
            configuration: SocketIOConfiguration(configuration),
            eventLoopGroup: group,
            logger: logger,
            adapter: redis?.adapter
        )
        let keeper = RevocationKeeper(store: store, revocations: revocations, sockets: sockets, logger: logger)
        keeper.share()
        let readiness = Readiness { store.health }
        let gateway = DocsGateway(
            sockets: sockets,
            hosts: hosts,
            authenticator: authenticator,
            limits: configuration.limits,
            readiness: readiness,
            logger: logger,
            tracer: EventTracer.installed
        )
        gateway.install()
        let entrance = GatewayEntrance(authenticator: authenticator, logger: logger)
        let notifications = Notifications(sockets: sockets, entrance: entrance)
        notifications.install()
        let sentMessages = SentMessages(window: .seconds(120))
        ChatGateway(entrance: entrance, sentMessages: sentMessages).install(on: sockets)
        RoomsGateway(entrance: entrance, sentMessages: sentMessages).install(on: sockets)
        let admin = AdminGateway(sockets: sockets, hosts: hosts, entrance: entrance)
        admin.install()
        let past = DocumentPast(library: store, hosts: hosts, limits: VersionLimits())
        let versions = VersionKeeper(
            activity: versionActivity,
            past: past,
            quietSeconds: configuration.limits.versionQuietSeconds,
            intervalSeconds: configuration.limits.versionIntervalSeconds,
            logger: logger
        )
        let metricsRoutes = MetricsRoutes(
            metrics: metrics,
            sockets: sockets,
            hosts: hosts,
            authenticator: authenticator,
            isOpen: configuration.openMetrics || !configuration.checksTokens,
            certificateEnd: { tls?.identity.end },
            webhookCounts: { webhooks == nil ? nil : try? await store.deliveryCounts() },
            waitingForDisk: { store.waitingByteCount },
            redis: redis
        )
        let router = router(
            store: store,
            past: past,
            authenticator: authenticator,
            revocations: keeper,
            notifications: notifications,
            metrics: metricsRoutes,
            readiness: readiness,
            loop: group.any()
        )
        let channels = OpenChannels()
        let application = application(
            router: router,
            sockets: sockets,
            channels: channels,
            tls: tls,
            group: group
        )
        // Shut down in reverse: clients are told and documents stored while HTTP still answers.
        var running: [any Service] = [application, gateway, admin, versions]
        if let webhooks { running.insert(webhooks.service, at: 0) }
        if let tls { running.insert(tls, at: 0) }
        if let keys { running.insert(KeyRefresher(ring: keys), at: 0) }
        if let redis { running.insert(redis, at: 0) }
        var services = running.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) }
        // Clients are told when the store is lost, as in any shutdown.
        services.append(.init(service: StoreWatch(store: store), failureTerminationBehavior: .gracefullyShutdownGroup))
        do {
            try await ServiceGroup(configuration: .init(services: services, logger: quietLogger)).run()
        } catch {
            await webhooks?.stop()
            throw error
        }
        await webhooks?.stop()
        // Those whose clients did not take their goodbye are closed within `closeTimeout`.
        await channels.allClosed()
    }

    /// The routes of the HTTP interface.
    func router(
        store: SQLiteStore,
        past: DocumentPast,
        authenticator: Authenticator,
        revocations: RevocationKeeper,
        notifications: Notifications,
        metrics: MetricsRoutes,
        readiness: Readiness,
        loop: any EventLoop
    ) -> Router<BasicRequestContext> {
        let hosts = past.hosts
        let router = Router(options: .autoGenerateHeadEndpoints)
        if EventTracer.installed != nil {
            // The one place where a secret may stand in an address.
            router.add(middleware: TracingMiddleware(redactingQueryParameters: ["token"]))
        }
        router.add(middleware: MetricsMiddleware(metrics: metrics.metrics))
        router.add(middleware: AnswerMiddleware(metrics: metrics.metrics))
        let origins = OriginPolicy(
            allowedOrigins: configuration.allowedOrigins,
            allowsCredentials: configuration.allowsCredentials
        )
        router.add(middleware: OriginMiddleware(policy: origins))
        let access = DocumentAccess(library: store, authenticator: authenticator)
        let changes = DocumentChanges(hosts: hosts, past: past)
        let replies = IdempotentReplies(library: store)
        RoleRoutes(access: access, hosts: hosts).add(to: router)
        RoomRoutes(access: access, hosts: hosts).add(to: router)
        VersionRoutes(access: access, past: past, changes: changes, replies: replies).add(to: router)
        TokenRoutes(
            authenticator: authenticator,
            secret: configuration.jwtSecret,
            keyID: configuration.jwtKeyID,
            rules: configuration.tokenRules
        ).add(to: router)
        RevocationRoutes(keeper: revocations, authenticator: authenticator).add(to: router)
        let documents = DocumentRoutes(
            reader: DocumentReader(hosts: hosts, store: store),
            past: past,
            changes: changes,
            replies: replies,
            access: access,
            hosts: hosts,
            limits: configuration.limits,
            guestsMayList: configuration.listensOnLoopbackOnly
        )
        documents.add(to: router)
        WebhookRoutes(store: store, authenticator: authenticator).add(to: router)
        UserRoutes(notifications: notifications, authenticator: authenticator).add(to: router)
        metrics.add(to: router)
        APIDescription.add(to: router)
        let files = configuration.samplesDirectory.flatMap(StaticFiles.init(directory:))
        if let directory = configuration.samplesDirectory, files == nil {
            logger.warning("there is no such samples folder", metadata: ["path": "\(directory)"])
        }
        let sdk = configuration.sdkDirectory.flatMap(StaticFiles.init(directory:))
        if let directory = configuration.sdkDirectory, sdk == nil {
            logger.warning("there is no such SDK folder", metadata: ["path": "\(directory)"])
        }
        SDKRoutes(files: sdk).add(to: router)
        ServiceRoutes(store: store, readiness: readiness, files: files, loop: loop).add(to: router)
        return router
    }

    private func application(
        router: Router<BasicRequestContext>,
        sockets: SocketIOServer,
        channels: OpenChannels,
        tls: TLSIdentityKeeper?,
        group: any EventLoopGroup
    ) -> Application<RouterResponder<BasicRequestContext>> {
        Application(
            router: router,
            server: HTTPServerBuilder {
                LateHTTPChannel(responder: $0, sockets: sockets, channels: channels, tls: tls)
            },
            // The backlog is what `listen` holds while a burst of clients reconnects at once.
            configuration: .init(address: .hostname(configuration.host, port: configuration.port), backlog: 1024),
            onServerRunning: { channel in announce(channel) },
            eventLoopGroupProvider: .shared(group),
            logger: quietLogger
        )
    }

    private func announce(_ channel: any Channel) {
        let port = channel.localAddress?.port ?? configuration.port
        if let path = configuration.portFile {
            do {
                try PortFile.write(port: port, to: path)
            } catch {
                logger.error(
                    "the port file could not be written",
                    metadata: ["path": "\(path)", "errno": "\(error.code)"]
                )
            }
        }
        logger.notice("listening", metadata: ["host": "\(configuration.host)", "port": "\(port)"])
        onListening(port)
    }

    /// For the frameworks: their start-up lines say what ours do.
    private var quietLogger: Logger {
        var quiet = logger
        if quiet.logLevel == .info || quiet.logLevel == .notice { quiet.logLevel = .warning }
        return quiet
    }
}
