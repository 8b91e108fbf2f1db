import AsyncHTTPClient
import Collaboration
import NIOCore
import NIOHTTP1

/// Brings a delivery to its receiver.
protocol WebhookSender: Sendable {
    /// One attempt.
    func send(_ delivery: WebhookDelivery, headers: [(String, String)]) async -> WebhookAnswer
}

/// Over HTTP: no redirects, 15 seconds, of the answer only the status counts.
struct HTTPWebhookSender: WebhookSender {
    /// As Standard Webhooks advises.
    static let timeout = TimeAmount.seconds(15)

    private let client: HTTPClient

    init(group: any EventLoopGroup) {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.idleTimeout = .seconds(30)
        client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
    }

    func send(_ delivery: WebhookDelivery, headers: [(String, String)]) async -> WebhookAnswer {
        var request = HTTPClientRequest(url: delivery.receiver)
        request.method = .POST
        request.headers = HTTPHeaders(headers)
        request.body = .bytes(ByteBuffer(bytes: delivery.body))
        do {
            // What the body may say is not read: leaving the response closes the connection when there is more.
            let response = try await client.execute(request, timeout: Self.timeout)
            if (200..<300).contains(response.status.code) { return .taken }
            let wait = response.headers.first(name: "retry-after").flatMap {
                RetryAfter.seconds($0, now: WallClock.now)
            }
            return .refused(reason: "status \(response.status.code)", retryAfter: wait)
        } catch {
            // The description may hold the address, and what stands in its query.
            let reason = (error as? HTTPClientError)?.shortDescription ?? "\(type(of: error))"
            return .refused(reason: reason, retryAfter: nil)
        }
    }

    /// Ends what is under way.
    func shutDown() async { try? await client.shutdown() }
}
