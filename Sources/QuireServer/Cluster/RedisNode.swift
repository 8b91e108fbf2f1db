import Logging
import NIOCore
import RedisCluster
import ServiceLifecycle

/// This server's part in a cluster: the connection to Redis, and the adapter over it.
struct RedisNode: Service, CustomStringConvertible {
    let adapter: RedisAdapter
    private let client: RedisClient
    private let logger: Logger

    /// The name in the logs of the lifecycle.
    var description: String { "the connection to Redis" }

    init(_ settings: RedisSettings, eventLoop: any EventLoop, logger: Logger) {
        client = RedisClient(configuration: settings.connection, eventLoop: eventLoop, logger: logger)
        var configuration = RedisAdapter.Configuration()
        configuration.prefix = settings.prefix
        configuration.pythonChannel = settings.pythonChannel
        adapter = RedisAdapter(client: client, configuration: configuration, logger: logger)
        self.logger = logger
        logger.warning(
            "chat, rooms and notifications reach all servers of this Redis; documents do not: route each one to one server",
            metadata: ["redis": "\(settings.connection)"]
        )
    }

    /// Stays connected until the shutdown.
    func run() async throws {
        client.start()
        try? await gracefulShutdown()
        await client.shutdown()
    }

    /// What `/metrics` shows.
    func figures() async -> (client: RedisClient.Figures, adapter: RedisAdapter.Figures) {
        (await client.figures(), adapter.figures)
    }
}
