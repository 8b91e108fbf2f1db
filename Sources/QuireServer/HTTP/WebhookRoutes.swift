import Collaboration
import Hummingbird
import SQLiteStore
import SocketIOProtocol

/// `/v1/webhooks/deliveries`: what receivers were not told yet, for those who operate the server.
struct WebhookRoutes: Sendable {
    /// The most deliveries one page names.
    static let pageCount: UInt64 = 100

    let store: SQLiteStore
    let authenticator: Authenticator

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/webhooks/deliveries") { request, _ in try await list(request) }
        router.post("/v1/webhooks/deliveries/:delivery/retry") { request, context in
            try await retry(request, context)
        }
    }

    private func list(_ request: Request) async throws -> Response {
        try await requireAdministrator(request)
        let query = QueryReader(request)
        let state = try query.choice("state", of: ["waiting", "dead"]) ?? "dead"
        let after = try query.number("after", in: 0...QueryReader.largest) ?? 0
        let limit = try query.number("limit", in: 1...Self.pageCount) ?? Self.pageCount
        let deliveries: [WebhookDelivery]
        do throws(StoreError) {
            deliveries = try await store.deliveries(
                givenUp: state == "dead",
                after: Int64(clamping: after),
                limit: Int(limit)
            )
        } catch {
            throw RequestError(RoomError(error))
        }
        let last = deliveries.count == Int(limit) ? deliveries.last : nil
        return HTTPReply.json([
            "deliveries": .array(deliveries.map(Self.json)),
            "next": last.map { .int(Int($0.number)) } ?? .null,
        ])
    }

    private func retry(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        try await requireAdministrator(request)
        guard let number = context.parameters.get("delivery").flatMap(Int64.init), number > 0 else {
            throw RequestError(.invalidArgument, "a delivery has a number")
        }
        do throws(StoreError) {
            guard try await store.retryDelivery(number, at: Int64(WallClock.now * 1_000)) else {
                throw StoreError(.unknownDocument, "")
            }
        } catch  where error.code == .unknownDocument {
            throw RequestError(.notFound, "there is no such delivery")
        } catch {
            throw RequestError(RoomError(error))
        }
        return HTTPReply.json(["delivery": .int(Int(number))])
    }

    private func requireAdministrator(_ request: Request) async throws {
        guard try await authenticator.principal(of: request).isAdministrator else {
            throw RequestError(.forbidden, "webhooks need a token with the role admin for every document")
        }
    }

    private static func json(_ delivery: WebhookDelivery) -> JSON {
        [
            "delivery": .int(Int(delivery.number)),
            "event": .string(delivery.event),
            "type": .string(delivery.kind),
            "doc": .string(delivery.document),
            "receiver": .string(delivery.receiver),
            "attempts": .int(delivery.attempts),
            "due": delivery.due.map { .int(Int($0)) } ?? .null,
            "failure": delivery.failure.map { .string($0) } ?? .null,
            "queued": .int(Int(delivery.timestamp)),
        ]
    }
}
