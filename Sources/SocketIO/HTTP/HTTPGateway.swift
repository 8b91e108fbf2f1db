public import NIOCore

/// Something that takes the requests for a path of its own out of HTTP/1 pipelines: a ``SocketIOServer``, an
/// ``EngineServer``.
///
/// Several may stand in one pipeline, one behind the other; each lets through untouched what is not for it.
public protocol HTTPGateway: Sendable {
    /// A new handler for one HTTP/1 connection, to be added behind NIO's HTTP/1 handlers.
    ///
    /// - Parameter isSecure: whether the connection is under TLS.
    /// - Returns: the handler.
    func makeGate(isSecure: Bool) -> any ChannelHandler & RemovableChannelHandler
}
