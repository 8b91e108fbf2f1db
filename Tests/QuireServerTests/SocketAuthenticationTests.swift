import Foundation
import NIOCore
import NIOPosix
import SocketIO
import SocketIOProtocol
import Testing

@testable import QuireServer

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite("Tokens of open sockets")
struct SocketAuthenticationTests {
    /// A client over long polling, by hand.
    private struct Client {
        private let base: String
        private let namespace: String

        init(_ port: Int, token: String, namespace: String = "/any") async throws {
            let address = "http://127.0.0.1:\(port)/socket.io/?EIO=4&transport=polling"
            let opened = try await Self.ask(address)
            let sid = try JSON.parse(Array(opened.utf8.dropFirst()))["sid"]?.stringValue ?? ""
            self.base = "\(address)&sid=\(sid)"
            self.namespace = namespace
            _ = try await Self.ask(base, body: #"40\#(namespace),{"token":"\#(token)"}"#)
        }

        func send(_ packet: String) async throws { _ = try await Self.ask(base, body: packet) }

        func refresh(_ token: String) async throws {
            try await send(#"42\#(namespace),1["refresh","\#(token)"]"#)
        }

        /// Polls until something contains `text`; everything that came.
        func receive(until text: String) async throws -> String {
            var all = ""
            while !all.contains(text) {
                let more = try await Self.ask(base)
                if more == "2" { try await send("3") }
                all += more + "\u{1E}"
            }
            return all
        }

        private static func ask(_ address: String, body: String? = nil) async throws -> String {
            var request = URLRequest(url: try #require(URL(string: address)))
            request.timeoutInterval = 20
            if let body {
                request.httpMethod = "POST"
                request.httpBody = Data(body.utf8)
            }
            let (data, response) = try await URLSession.shared.data(for: request)
            #expect((response as? HTTPURLResponse)?.statusCode == 200)
            return String(decoding: data, as: UTF8.self)
        }
    }

    private func token(_ sub: String, for seconds: Double, docs: [String: String]? = nil) async throws -> String {
        let claims = Claims(sub: sub, exp: WallClock.now + seconds, docs: docs)
        return try await TokenIssuer(secret: testSecret).token(for: claims)
    }

    /// A Socket.IO server with a guarded namespace `/any`.
    private func withNamespace(_ body: (Int, Namespace) async throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = SocketIOServer(configuration: .init(), eventLoopGroup: group, logger: silentLogger)
        var configuration = ServerConfiguration()
        configuration.jwtSecret = testSecret
        let authenticator = await Authenticator(configuration: configuration)
        let namespace = server.of("/any")
        SocketAuthentication(authenticator: authenticator, logger: silentLogger).install(on: namespace)
        let listener = try await server.serve(host: "127.0.0.1", port: 0)
        do {
            try await body(listener.port, namespace)
        } catch {
            await server.shutdown()
            try await group.shutdownGracefully()
            throw error
        }
        await server.shutdown()
        try await group.shutdownGracefully()
    }

    @Test("A socket is told and put out when its token ends", .timeLimit(.minutes(1)))
    func expiry() async throws {
        try await withNamespace { port, _ in
            let client = try await Client(port, token: try await token("ada", for: 1.5))
            let heard = try await client.receive(until: "41/any,")
            #expect(heard.contains(#"42/any,["closing",{"reason":"TOKEN_EXPIRED","retryAfter":0}]"#))
        }
    }

    @Test("So is one of /docs", .timeLimit(.minutes(1)))
    func docs() async throws {
        try await withServer(configure: { $0.jwtSecret = testSecret }) { port async throws in
            let client = try await Client(port, token: try await token("ada", for: 2), namespace: "/docs")
            _ = try await client.receive(until: "authenticated")
            try await client.refresh(try await token("ada", for: 4))
            #expect(try await client.receive(until: "43/docs,1").contains(#"{"ok":true,"exp":"#))
            let heard = try await client.receive(until: "41/docs,")
            #expect(heard.contains("TOKEN_EXPIRED"))
        }
    }

    @Test("A new token of the same user lets the socket stay", .timeLimit(.minutes(1)))
    func refresh() async throws {
        try await withNamespace { port, namespace in
            let client = try await Client(port, token: try await token("ada", for: 2))
            _ = try await client.receive(until: "40/any,")
            try await client.refresh(try await token("ada", for: 60))
            #expect(try await client.receive(until: "43/any,1").contains(#"43/any,1[{"ok":true,"exp":"#))
            try await Task.sleep(for: .seconds(2.5))
            namespace.emit("still", with: [])
            #expect(try await client.receive(until: "still").contains("closing") == false)
        }
    }

    @Test("A token that is bad, another user's, or grants something else is refused, and changes nothing")
    func badRefresh() async throws {
        try await withNamespace { port, namespace in
            let client = try await Client(port, token: try await token("ada", for: 60))
            _ = try await client.receive(until: "40/any,")
            for (bad, code) in [
                ("nonsense", "TOKEN_INVALID"), (try await token("eve", for: 60), "TOKEN_INVALID"),
                (try await token("ada", for: -1), "TOKEN_EXPIRED"),
                (try await token("ada", for: 60, docs: ["*": "admin"]), "TOKEN_INVALID"),
            ] {
                try await client.refresh(bad)
                let answer = try await client.receive(until: "43/any,1")
                #expect(answer.contains(code) && answer.contains(#""ok":false"#), "\(answer)")
            }
            namespace.emit("still", with: [])
            _ = try await client.receive(until: "still")
        }
    }

    @Test("Every socket of a user is in the user's room, and nobody else", .timeLimit(.minutes(1)))
    func userRooms() async throws {
        try await withNamespace { port, namespace in
            let first = try await Client(port, token: try await token("ada", for: 60))
            let second = try await Client(port, token: try await token("ada", for: 60))
            let other = try await Client(port, token: try await token("eve", for: 60))
            for client in [first, second, other] { _ = try await client.receive(until: "40/any,") }
            namespace.to("user:ada").emit("note", with: ["for ada"])
            namespace.emit("end", with: [])
            for client in [first, second] { _ = try await client.receive(until: "for ada") }
            #expect(try await other.receive(until: "end").contains("for ada") == false)
        }
    }
}
