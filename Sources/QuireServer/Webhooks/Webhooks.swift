import Collaboration
import Logging
import NIOCore
import SQLiteStore

/// The parts of webhooks, put together; there are none without receivers.
struct Webhooks: Sendable {
    let service: WebhookService
    private let sender: HTTPWebhookSender
    private let store: SQLiteStore

    /// Nil when nobody is to be told anything.
    init?(
        _ configuration: WebhookConfiguration,
        store: SQLiteStore,
        metrics: ServerMetrics,
        group: any EventLoopGroup,
        logger: Logger
    ) throws(ConfigurationError) {
        guard !configuration.receivers.isEmpty, let secret = configuration.secret else { return nil }
        let signature = try WebhookSignature(secret)
        sender = HTTPWebhookSender(group: group)
        self.store = store
        service = WebhookService(
            configuration: configuration,
            store: store,
            intake: WebhookIntake(kinds: configuration.kinds, counts: metrics),
            activity: DocumentActivity(),
            signature: signature,
            sender: sender,
            metrics: metrics,
            logger: logger
        )
    }

    /// Notes what happens from here on; before any document is served.
    func start() async throws(StoreError) {
        try await store.watchForWebhooks()
        try await store.giveUpDeliveries(exceptTo: service.configuration.receivers)
    }

    /// After the service has ended.
    func stop() async { await sender.shutDown() }
}
