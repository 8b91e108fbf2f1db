/// What joins several servers into one: carries requests to all others and answers back.
///
/// An implementation must deliver each message to every other server at most once, in the order one server published
/// them, and never to their sender. It may lose messages; whoever waits for answers has a time limit. All of it is called
/// from any thread and must not block; `publish` and `respond` hand over and return.
public protocol ClusterAdapter: Sendable {
    /// A server joins. The adapter keeps the node and calls it for what others publish, until ``detach(_:)``.
    func attach(_ node: ClusterNode)
    /// A server leaves.
    func detach(_ node: ClusterNode)
    /// A server begins to take part in a namespace. Called with a lock held: it must not call the server back.
    func open(namespace: String, for node: ClusterNode)
    /// A server's namespace is no more. As ``open(namespace:for:)``.
    func close(namespace: String, for node: ClusterNode)
    /// Sends a request to all other servers.
    func publish(_ message: ClusterMessage)
    /// Sends an answer to the server that asked.
    func respond(_ response: ClusterResponse, to message: ClusterMessage)
    /// How many servers take part in a namespace, this one included; 1 when it cannot be known.
    func serverCount(namespace: String) async -> Int
}

extension ClusterAdapter {
    /// Nothing: for adapters that carry all namespaces alike.
    public func open(namespace: String, for node: ClusterNode) {}
    /// Nothing.
    public func close(namespace: String, for node: ClusterNode) {}
}

/// One server, as its adapter sees it.
public struct ClusterNode: Sendable {
    /// The server's name in the cluster: eight random characters.
    public let id: String
    /// Takes a request of another server.
    public let receive: @Sendable (ClusterMessage) -> Void
    /// Takes an answer to a request of this server, by the request's id.
    public let receiveResponse: @Sendable (ClusterResponse, _ requestID: String) -> Void
}

/// No cluster: one server on its own.
struct LocalAdapter: ClusterAdapter {
    func attach(_ node: ClusterNode) {}
    func detach(_ node: ClusterNode) {}
    func publish(_ message: ClusterMessage) {}
    func respond(_ response: ClusterResponse, to message: ClusterMessage) {}
    func serverCount(namespace: String) async -> Int { 1 }
}
