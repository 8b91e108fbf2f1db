import Collaboration
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import SQLiteStore
import SocketIO
import SocketIOProtocol
import Testing

@testable import QuireServer

/// The description of the HTTP interface and the routes are one thing.
@Suite("The description of the interface")
struct APIDescriptionTests {
    /// What is not part of the interface: files.
    private static let files: Set<String> = ["GET /", "GET /**", "GET /sdk/**"]

    /// The routes of a server, written as in the description.
    private static func routes() async throws -> Set<String> {
        let folder = FileManager.default.temporaryDirectory.appending(path: "quire-routes-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "test.sqlite").path
        let store = try SQLiteStore(configuration: .init(path: path), logger: silentLogger)
        var configuration = ServerConfiguration()
        configuration.databasePath = path
        let server = try QuireServer(configuration: configuration, logger: silentLogger)
        let authenticator = await Authenticator(configuration: configuration)
        let routes = try await withRooms(store: store) { hosts, group in
            let sockets = SocketIOServer(
                configuration: SocketIOConfiguration(configuration),
                eventLoopGroup: group,
                logger: silentLogger
            )
            let entrance = GatewayEntrance(authenticator: authenticator, logger: silentLogger)
            let metrics = MetricsRoutes(
                metrics: ServerMetrics(),
                sockets: sockets,
                hosts: hosts,
                authenticator: authenticator,
                isOpen: true,
                certificateEnd: { nil },
                webhookCounts: { nil },
                waitingForDisk: { 0 }
            )
            let router = server.router(
                store: store,
                past: DocumentPast(library: store, hosts: hosts, limits: VersionLimits()),
                authenticator: authenticator,
                revocations: RevocationKeeper(
                    store: store,
                    revocations: Revocations(),
                    sockets: sockets,
                    logger: silentLogger
                ),
                notifications: Notifications(sockets: sockets, entrance: entrance),
                metrics: metrics,
                readiness: Readiness { .well },
                loop: group.any()
            )
            return router.routes.filter { $0.method != .head }.map { "\($0.method.rawValue) \($0.path)" }
        }
        await store.close()
        return Set(
            routes.map { route in
                route.replacing(/:([a-z]+)/) { "{\($0.output.1)}" }
            }
        )
    }

    @Test("Every route is described, and what is described is routed")
    func routes() async throws {
        let routed = try await Self.routes().subtracting(Self.files)
        let described = Set(
            APIDescription.methods.flatMap { path, methods in
                methods.filter { $0 != "HEAD" }.map { "\($0) \(path)" }
            }
        )
        #expect(routed.subtracting(described) == [], "not described")
        #expect(described.subtracting(routed) == [], "described, but there is no such route")
    }

    @Test("What it refers to is there, and each operation has an id of its own")
    func references() throws {
        var ids: Set<String> = []
        func check(_ json: JSON) throws {
            switch json {
            case .object(let object):
                if let reference = object["$ref"]?.stringValue {
                    var found: JSON? = APIDescription.json
                    for part in reference.split(separator: "/").dropFirst() { found = found?[String(part)] }
                    #expect(found != nil, "\(reference)")
                }
                if let id = object["operationId"]?.stringValue { #expect(ids.insert(id).inserted, "\(id)") }
                for member in object.members { try check(member.value) }
            case .array(let items):
                for item in items { try check(item) }
            default: break
            }
        }
        try check(APIDescription.json)
        #expect(ids.count > 20)
    }
}
