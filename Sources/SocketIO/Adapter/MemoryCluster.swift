import NIOConcurrencyHelpers

/// Several servers in one process that act as one: for tests, and as the shortest example of a ``ClusterAdapter``.
///
/// ```swift
/// let cluster = MemoryCluster()
/// let first = SocketIOServer(configuration: …, eventLoopGroup: group, logger: logger, adapter: cluster)
/// let second = SocketIOServer(configuration: …, eventLoopGroup: group, logger: logger, adapter: cluster)
/// ```
public final class MemoryCluster: ClusterAdapter {
    private let nodes = NIOLockedValueBox<[String: ClusterNode]>([:])

    /// A cluster without servers.
    public init() {}

    /// A server joins.
    public func attach(_ node: ClusterNode) {
        self.nodes.withLockedValue { $0[node.id] = node }
    }

    /// A server leaves.
    public func detach(_ node: ClusterNode) {
        self.nodes.withLockedValue { $0[node.id] = nil }
    }

    /// Sends a request to all other servers.
    public func publish(_ message: ClusterMessage) {
        for node in self.nodes.withLockedValue({ $0 }).values where node.id != message.sender { node.receive(message) }
    }

    /// Sends an answer to the server that asked.
    public func respond(_ response: ClusterResponse, to message: ClusterMessage) {
        guard let requestID = message.requestID else { return }
        self.nodes.withLockedValue { $0[message.sender] }?.receiveResponse(response, requestID)
    }

    /// How many servers there are.
    public func serverCount(namespace: String) async -> Int { self.nodes.withLockedValue { $0.count } }
}
