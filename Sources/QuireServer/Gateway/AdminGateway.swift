import NIOCore
import ServiceLifecycle
import SocketIO
import SocketIOProtocol

/// `/admin`: live figures, once a second, for tokens with the role `admin` everywhere.
struct AdminGateway: Service, CustomStringConvertible {
    /// `figures`.
    struct Figures: Encodable {
        var timestamp = WallClock.timestamp()
        /// Seconds since the server started.
        var uptime: Double
        var connections: Int
        /// How many servers there are; null where this one is on its own.
        ///
        /// All other figures are those of this server.
        var servers: Int?
        var namespaces: [Space]
        var documents: RoomHosts.Figures
        /// In each second since the figures before.
        var messagesPerSecond: Rates
        /// Resident bytes; null where the system does not say.
        var memory: Int?
    }

    /// One namespace.
    struct Space: Encodable {
        var name: String
        var sockets: Int
        var rooms: Int
    }

    /// Events from and to clients.
    struct Rates: Encodable {
        var received: Double
        var sent: Double
    }

    /// What has been counted up to a moment.
    private struct Sample {
        var at: NIODeadline
        var received: UInt64 = 0
        var sent: UInt64 = 0
    }

    let sockets: SocketIOServer
    let hosts: RoomHosts
    let entrance: GatewayEntrance
    private let started = NIODeadline.now()

    /// The name in the logs of the lifecycle.
    var description: String { "the /admin gateway" }

    func install() {
        entrance.open(sockets.of("/admin"), if: \.isAdministrator) { _, _ in }
    }

    /// Counts and tells until the server shuts down.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            var before = Sample(at: .now())
            while (try? await Task.sleep(for: .seconds(1))) != nil {
                let (figures, now) = await count(since: before)
                before = now
                // A dashboard that does not keep up has no use for figures of the past, nor for those of other servers
                // in between.
                try? sockets.of("/admin").local.volatile.emit("figures", figures)
            }
        }
    }

    private func servers() async -> Int? {
        let admin = sockets.of("/admin")
        return admin.isClustered ? await admin.serverCount() : nil
    }

    private func count(since before: Sample) async -> (Figures, Sample) {
        var now = Sample(at: .now())
        var spaces: [Space] = []
        for namespace in sockets.namespaces {
            let figures = await namespace.figures()
            spaces.append(Space(name: namespace.name, sockets: figures.sockets, rooms: figures.rooms))
            now.received += figures.received
            now.sent += figures.sent
        }
        let seconds = max(0.001, Double((now.at - before.at).nanoseconds) / 1e9)
        // Less than before: a dynamic namespace has gone, with its counts.
        func rate(_ old: UInt64, _ new: UInt64) -> Double { new > old ? Double(new - old) / seconds : 0 }
        let figures = Figures(
            uptime: Double((now.at - started).nanoseconds) / 1e9,
            connections: sockets.connectionCount,
            servers: await servers(),
            namespaces: spaces.sorted { $0.name < $1.name },
            documents: await hosts.figures(),
            messagesPerSecond: Rates(received: rate(before.received, now.received), sent: rate(before.sent, now.sent)),
            memory: ResidentMemory.byteCount
        )
        return (figures, now)
    }
}
