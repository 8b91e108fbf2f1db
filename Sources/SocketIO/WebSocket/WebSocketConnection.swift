public import NIOCore
import NIOWebSocket

/// A message of a WebSocket.
public enum WebSocketMessage: Sendable, Hashable {
    /// Well-formed UTF-8.
    case text([UInt8])
    /// Any bytes.
    case binary([UInt8])
}

/// One connection of a ``WebSocketEndpoint``, confined to its event loop.
///
/// Handlers run on the loop, and every method is to be called there.
public final class WebSocketConnection {
    /// The loop this connection lives on.
    public let eventLoop: any EventLoop

    private let handler: WebSocketHandler
    private let link: WebSocketLink
    private let maxBufferedBytes: Int
    private var messageHandler: ((WebSocketMessage) -> Void)?
    private var closeHandler: (() -> Void)?

    init(channel: any Channel, handler: WebSocketHandler, maxBufferedBytes: Int) {
        self.eventLoop = channel.eventLoop
        self.handler = handler
        self.link = WebSocketLink(channel: channel, handler: handler)
        self.maxBufferedBytes = maxBufferedBytes
    }

    /// Is told of each message.
    public func onMessage(_ handler: @escaping (WebSocketMessage) -> Void) {
        self.messageHandler = handler
    }

    /// Is told once that the connection is over.
    public func onClose(_ handler: @escaping () -> Void) {
        self.closeHandler = handler
    }

    /// Sends a message; on a closed connection it is dropped.
    ///
    /// A client that leaves more unread than the endpoint allows is closed with 1008.
    public func send(_ message: WebSocketMessage) {
        switch message {
        case .text(let bytes): self.handler.write(ServerFrames.frame(.text, bytes))
        case .binary(let bytes): self.handler.write(ServerFrames.frame(.binary, bytes))
        }
        self.handler.flush()
        if self.link.bufferedBytes > self.maxBufferedBytes { self.handler.close(.policyViolation) }
    }

    /// Sends a text message.
    public func send(_ text: String) {
        self.send(.text(Array(text.utf8)))
    }

    /// Begins the closing handshake.
    ///
    /// - Parameter code: the status (RFC 6455 section 7.4), 1000 unless given.
    public func close(code: UInt16 = 1000) {
        self.handler.close(WebSocketErrorCode(codeNumber: Int(code)))
    }

    func receive(_ event: WebSocketHandler.Event) {
        switch event {
        case .text(let bytes): self.messageHandler?(.text(bytes))
        case .binary(let bytes): self.messageHandler?(.binary(bytes))
        case .writable, .shouldQuiesce: break
        case .closed:
            let closeHandler = self.closeHandler
            // Handlers usually hold the connection.
            self.closeHandler = nil
            self.messageHandler = nil
            closeHandler?()
        }
    }
}

@available(*, unavailable)
extension WebSocketConnection: Sendable {}
