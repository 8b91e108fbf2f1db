import Collaboration
import Logging
import NIOCore

/// The hosts of all event loops; a document's name decides which of them it lives on.
struct RoomHosts: Sendable {
    private let hosts: [RoomHost]
    /// What is counted, if anybody counts.
    let metrics: ServerMetrics?

    init(
        group: any EventLoopGroup,
        store: any DocumentStore,
        limits: ServerLimits,
        logger: Logger,
        metrics: ServerMetrics? = nil,
        observer: (any RoomObserver)? = nil
    ) {
        hosts = group.makeIterator().map {
            RoomHost(loop: $0, store: store, limits: limits, logger: logger, observer: observer ?? metrics)
        }
        self.metrics = metrics
        precondition(!hosts.isEmpty, "an event loop group has at least one loop")
    }

    /// The host of a document, the same every time.
    func host(of document: DocumentID) -> RoomHost {
        if hosts.count == 1 { return hosts[0] }
        // FNV-1a; any hash does that spreads names and is the same in every run, so that logs can be compared.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in document.rawValue.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hosts[Int((hash >> 32) % UInt64(hosts.count))]
    }

    /// What is open at a moment.
    struct Figures: Sendable, Encodable {
        var open = 0
        var participants = 0
        /// Bytes of content.
        var bytes = 0
        /// Bytes of content of the largest.
        var largest = 0
    }

    /// Counts the open documents and who is in them.
    func figures() async -> Figures {
        var sum = Figures()
        for host in hosts {
            // It cannot fail unless the loop has ended, and then nothing is open.
            let part = (try? await host.loop.submit { host.figures }.get()) ?? Figures()
            sum.open += part.open
            sum.participants += part.participants
            sum.bytes += part.bytes
            sum.largest = max(sum.largest, part.largest)
        }
        return sum
    }

    /// Unloads every room; returns when the store has everything, or when `limit` is over.
    ///
    /// - Returns: Whether everything was stored in time.
    func shutDown(within limit: TimeAmount) async -> Bool {
        var isComplete = true
        // All at once: the limit is for the whole server.
        let futures = hosts.map { host in
            let promise = host.loop.makePromise(of: Bool.self)
            host.loop.scheduleTask(in: limit) { promise.succeed(false) }
            host.run { $0.shutDown { promise.succeed(true) } }
            return promise.futureResult
        }
        for future in futures {
            let isClosed = (try? await future.get()) ?? false
            isComplete = isComplete && isClosed
        }
        return isComplete
    }
}
