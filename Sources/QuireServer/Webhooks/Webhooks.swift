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
    ///
    /// Damage in what is to be told is no reason not to serve documents.
    func start() async throws(StoreError) {
        do throws(StoreError) {
            for table in try await store.setAsideDamagedWebhooks(at: service.now()) {
                service.logger.error("a damaged table of webhooks is set aside", metadata: ["table": "\(table)"])
            }
            try await store.watchForWebhooks()
            try await store.giveUpDeliveries(exceptTo: service.configuration.receivers)
        } catch {
            await stop()
            throw error
        }
    }

    /// After the service has ended.
    func stop() async { await sender.shutDown() }
}
