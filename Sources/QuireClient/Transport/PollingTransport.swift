internal import NIOCore
internal import NIOHTTP1

/// Long polling: each request on a connection of its own.
///
/// The fallback where something on the way breaks WebSockets.
final class PollingTransport {
    private let address: ServerAddress
    private let eventLoop: any EventLoop
    private let options: TransportOptions
    private let traffic: Traffic
    private let path: (_ sessionID: String?) -> String
    private var isCancelled = false

    /// A waiting GET is answered at the latest with the next ping; this is far beyond.
    private static let timeout = TimeAmount.seconds(120)

    init(
        address: ServerAddress,
        eventLoop: any EventLoop,
        options: TransportOptions,
        traffic: Traffic,
        path: @escaping (_ sessionID: String?) -> String
    ) {
        self.address = address
        self.eventLoop = eventLoop
        self.options = options
        self.traffic = traffic
        self.path = path
    }

    func get(sessionID: String?, completion: @escaping (_ status: Int, _ body: [UInt8]) -> Void) {
        self.send(HTTPRequestHead(version: .http1_1, method: .GET, uri: self.path(sessionID)), body: nil) { response in
            completion(response?.status ?? 0, response?.body ?? [])
        }
    }

    func post(sessionID: String, body: [UInt8], completion: @escaping (_ status: Int) -> Void) {
        var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: self.path(sessionID))
        head.headers.add(name: "Content-Type", value: "text/plain; charset=UTF-8")
        self.send(head, body: body) { completion($0?.status ?? 0) }
    }

    /// Nobody looks at what is still to come.
    func cancel() {
        self.isCancelled = true
    }

    private func send(_ head: HTTPRequestHead, body: [UInt8]?, completion: @escaping (OneShotHTTP.Response?) -> Void) {
        OneShotHTTP.send(
            head,
            body: body,
            to: self.address,
            on: self.eventLoop,
            options: self.options,
            timeout: Self.timeout,
            traffic: self.traffic
        )
        .assumeIsolated()
        .whenComplete { result in
            guard !self.isCancelled else { return }
            switch result {
            case .success(let response): completion(response)
            case .failure: completion(nil)
            }
        }
    }
}

@available(*, unavailable)
extension PollingTransport: Sendable {}
