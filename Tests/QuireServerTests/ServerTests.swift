import CRDT
import Collaboration
import Foundation
import SocketIOProtocol
import Testing

@testable import QuireServer

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite("The whole server, in process")
struct ServerTests {
    /// What an answer had.
    private struct Answer {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        var json: JSON { (try? JSON.parse(body)) ?? .null }
    }

    private func ask(
        _ port: Int,
        _ path: String,
        method: String = "GET",
        headers: [String: String] = [:],
        body: String? = nil
    ) async throws -> Answer {
        var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
        request.httpMethod = method
        request.httpBody = body.map { Data($0.utf8) }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await URLSession.shared.data(for: request)
        let http = try #require(response as? HTTPURLResponse)
        var fields: [String: String] = [:]
        for (name, value) in http.allHeaderFields { fields["\(name)".lowercased()] = "\(value)" }
        return Answer(status: http.statusCode, headers: fields, body: Array(data))
    }

    /// A Socket.IO client over long polling, by hand.
    private struct Polling {
        var path: String

        init(_ tests: ServerTests, _ port: Int, auth: String = "") async throws {
            let opened = try await tests.ask(port, "/socket.io/?EIO=4&transport=polling")
            let handshake = try JSON.parse(Array(opened.body.dropFirst()))
            path = "/socket.io/?EIO=4&transport=polling&sid=\(try #require(handshake["sid"]?.stringValue))"
            try await send(tests, port, "40/docs,\(auth)")
        }

        func send(_ tests: ServerTests, _ port: Int, _ packet: String) async throws {
            #expect(try await tests.ask(port, path, method: "POST", body: packet).status == 200)
        }

        func receive(_ tests: ServerTests, _ port: Int) async throws -> String {
            try await tests.ask(port, path).text
        }
    }

    private func seed(_ port: Int, _ name: String, _ text: String) async throws {
        let client = try await Polling(self, port)
        _ = try await client.receive(self, port)
        try await client.send(self, port, #"42/docs,1["join",{"doc":"\#(name)","format":"json"}]"#)
        _ = try await client.receive(self, port)
        try await client.send(
            self,
            port,
            #"42/docs,2["edit","\#(name)",{"rev":0,"ops":[{"text":"body","at":0,"insert":"\#(text)"}]}]"#
        )
        var answer = ""
        while !answer.contains("43/docs,2") { answer = try await client.receive(self, port) }
        #expect(answer.contains(#"43/docs,2[{"ok":true,"rev":1}]"#))
    }

    @Test("A document that somebody wrote can be read over HTTP in every form")
    func documents() async throws {
        try await withServer { port async throws in
            try await seed(port, "a:b", "Grüße 😀")
            let text = try await ask(port, "/v1/docs/a:b?format=text")
            #expect(text.text == "Grüße 😀")
            #expect(text.headers["content-type"] == "text/plain; charset=utf-8")
            #expect(text.headers["quire-revision"] == "1")
            #expect(try await ask(port, "/v1/docs/a%3Ab?format=text&root=body").text == "Grüße 😀")
            #expect(try await ask(port, "/v1/docs/a:b?format=text&root=other").text == "")
            let json = try await ask(port, "/v1/docs/a:b").json
            #expect(json["content"]?["body"] == "Grüße 😀")
            #expect(json["rev"] == 1)
            let snapshot = try await ask(port, "/v1/docs/a:b?format=snapshot")
            let document = try Document(snapshot: snapshot.body, replica: ReplicaID(1))
            #expect(document.string(of: "body") == "Grüße 😀")
            let head = try await ask(port, "/v1/docs/a:b?format=text", method: "HEAD")
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.headers["content-length"] == "\("Grüße 😀".utf8.count)")
            let list = try await ask(port, "/v1/docs").json
            #expect(list["docs"]?[0]?["id"] == "a:b")
            #expect(list["docs"]?[0]?["rev"] == 1)
            #expect(list["next"]?.isNull == true)
        }
    }

    @Test("Reading a document that is not there does not make it")
    func unknownDocument() async throws {
        try await withServer { port async throws in
            for format in ["text", "json", "snapshot"] {
                let answer = try await ask(port, "/v1/docs/none?format=\(format)")
                #expect(answer.status == 404)
                #expect(
                    answer.json == [
                        "code": "UNKNOWN_DOCUMENT", "message": "there is no such document", "retryable": false,
                    ]
                )
            }
            #expect(try await ask(port, "/v1/docs").json["docs"]?.arrayValue?.isEmpty == true)
        }
    }

    @Test(
        "What a server does not understand gets its code",
        arguments: [
            ("/v1/docs/a%20b", 400, "INVALID_DOCUMENT"), ("/v1/docs/%ff", 400, "INVALID_DOCUMENT"),
            ("/v1/docs/a?format=xml", 400, "INVALID_ARGUMENT"),
            ("/v1/docs/a?format=text&root=", 400, "INVALID_ARGUMENT"),
            ("/v1/docs?limit=0", 400, "INVALID_ARGUMENT"), ("/v1/docs?limit=x", 400, "INVALID_ARGUMENT"),
            ("/v1/docs?limit=1001", 400, "INVALID_ARGUMENT"), ("/v1/docs?after=%20", 400, "INVALID_DOCUMENT"),
            ("/v1/docs/a/b", 404, "NOT_FOUND"), ("/v2", 404, "NOT_FOUND"), ("/", 404, "NOT_FOUND"),
            ("/%", 404, "NOT_FOUND"),
        ]
    )
    func refusals(path: String, status: Int, code: String) async throws {
        try await withServer { port async throws in
            let answer = try await ask(port, path)
            #expect(answer.status == status)
            #expect(answer.json["code"] == .string(code))
            #expect(answer.json["retryable"]?.boolValue == false)
            #expect(answer.json["message"]?.stringValue?.isEmpty == false)
        }
    }

    @Test("A method that an address does not understand is refused, with those that it does")
    func methods() async throws {
        try await withServer { port async throws in
            for (path, known) in [
                ("/v1/docs", "GET, HEAD, POST"), ("/v1/docs/a", "GET, HEAD, PATCH, DELETE"),
                ("/v1/docs/a/roles/b", "GET, HEAD, PUT, DELETE"), ("/v1/tokens", "POST"), ("/healthz", "GET, HEAD"),
                ("/nothing", "GET, HEAD"),
            ] {
                for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] where !known.contains(method) {
                    let answer = try await ask(port, path, method: method)
                    #expect(answer.status == 405, "\(method) \(path)")
                    #expect(answer.json["code"] == "METHOD_NOT_ALLOWED")
                    #expect(answer.headers["allow"] == known)
                }
            }
        }
    }

    @Test("The server says that it is well, and every answer keeps browsers careful")
    func health() async throws {
        try await withServer { port async throws in
            let answer = try await ask(port, "/healthz")
            #expect(answer.status == 200)
            #expect(answer.json == ["status": "ok"])
            for path in ["/healthz", "/none", "/v1/docs"] {
                let headers = try await ask(port, path).headers
                #expect(headers["x-content-type-options"] == "nosniff")
                #expect(headers["content-security-policy"]?.contains("default-src 'self'") == true)
                #expect(headers["referrer-policy"] == "no-referrer")
                #expect(headers["cache-control"] == "no-cache")
            }
        }
    }

    @Test("Pages of other origins are refused, pages of allowed ones get CORS")
    func origins() async throws {
        try await withServer { port async throws in
            let foreign = try await ask(port, "/v1/docs", headers: ["Origin": "https://evil.example"])
            #expect(foreign.status == 403)
            #expect(foreign.json["code"] == "ORIGIN_NOT_ALLOWED")
            #expect(foreign.headers["access-control-allow-origin"] == nil)
            let own = try await ask(port, "/v1/docs", headers: ["Origin": "http://127.0.0.1:\(port)"])
            #expect(own.status == 200)
        }
        try await withServer {
            $0.allowedOrigins = ["https://app.example", "https://*.wild.example"]
        } body: { port async throws in
            for (origin, isAllowed) in [
                ("https://app.example", true), ("https://a.wild.example", true), ("https://wild.example", false),
                ("http://app.example", false), ("https://app.example.evil", false),
                ("https://evil.example/.wild.example", false),
                ("null", false),
            ] {
                let answer = try await ask(port, "/v1/docs", headers: ["Origin": origin])
                #expect(answer.status == (isAllowed ? 200 : 403), "\(origin)")
                #expect(answer.headers["access-control-allow-origin"] == (isAllowed ? origin : nil))
            }
            let preflight = try await ask(
                port,
                "/v1/docs",
                method: "OPTIONS",
                headers: ["Origin": "https://app.example", "Access-Control-Request-Method": "GET"]
            )
            #expect(preflight.status == 204)
            #expect(preflight.headers["access-control-allow-headers"]?.contains("Idempotency-Key") == true)
            #expect(preflight.headers["access-control-allow-methods"]?.contains("PATCH") == true)
        }
    }

    @Test("With a secret nothing is open without a token, and a token opens what it names")
    func tokens() async throws {
        try await withServer {
            $0.jwtSecret = testSecret
        } body: { port async throws in
            let closed = try await ask(port, "/v1/docs")
            #expect(closed.status == 401)
            #expect(closed.json["code"] == "UNAUTHENTICATED")
            #expect(closed.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
            let issuer = try await TokenIssuer(secret: testSecret)
            let end = WallClock.now + 60
            let token = try await issuer.token(for: Claims(sub: "ada", exp: end, docs: ["mine": "read"]))
            let headers = ["Authorization": "Bearer \(token)"]
            #expect(try await ask(port, "/v1/docs", headers: headers).status == 200)
            #expect(try await ask(port, "/v1/docs?token=\(token)").status == 200)
            #expect(try await ask(port, "/v1/docs/yours", headers: headers).json["code"] == "FORBIDDEN")
            #expect(try await ask(port, "/v1/docs/mine", headers: headers).json["code"] == "UNKNOWN_DOCUMENT")
            let expired = try await issuer.token(for: Claims(sub: "ada", exp: end - 120))
            let refused = try await ask(port, "/v1/docs", headers: ["Authorization": "Bearer \(expired)"])
            #expect(refused.json["code"] == "TOKEN_EXPIRED")

            let guest = try await Polling(self, port)
            #expect(try await guest.receive(self, port).contains(#""data":{"code":"UNAUTHENTICATED"}"#))
            let client = try await Polling(self, port, auth: #"{"token":"\#(token)"}"#)
            #expect(
                try await client.receive(self, port).contains(#"["authenticated",{"user":{"id":"ada","name":"ada"}}]"#)
            )
        }
    }

    @Test("The samples are served when there is a folder of them")
    func samples() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "quire-samples-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("<p>hello".utf8).write(to: folder.appending(path: "index.html"))
        try await withServer {
            $0.samplesDirectory = folder.path
        } body: { port async throws in
            let page = try await ask(port, "/")
            #expect(page.status == 200)
            #expect(page.text == "<p>hello")
            #expect(page.headers["content-type"] == "text/html; charset=utf-8")
            #expect(try await ask(port, "/%2e%2e/secret").status == 404)
        }
    }

    @Test("The SDK is served packed to whoever takes gzip, and not again while it is the same")
    func sdk() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "quire-sdk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data([0, 0x61, 0x73, 0x6D]).write(to: folder.appending(path: "quire.wasm"))
        try Data("export {};".utf8).write(to: folder.appending(path: "quire.js"))
        let packedScript: [UInt8] = [
            0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xFF, 0x4B, 0xAD, 0x28, 0xC8, 0x2F, 0x2A, 0x51, 0xA8,
            0xAE, 0xB5, 0x06, 0x00, 0xC6, 0x47, 0x25, 0xD7, 0x0A, 0x00, 0x00, 0x00,
        ]
        try Data(packedScript).write(to: folder.appending(path: "quire.js.gz"))
        try await withServer {
            $0.sdkDirectory = folder.path
        } body: { port async throws in
            let module = try await ask(port, "/sdk/quire.wasm")
            #expect(module.status == 200)
            #expect(module.headers["content-type"] == "application/wasm")
            #expect(module.headers["content-security-policy"]?.contains("'wasm-unsafe-eval'") == true)
            #expect(try await ask(port, "/sdk/%2e%2e/secret").status == 404)
            #expect(try await ask(port, "/sdk/none.js").status == 404)

            let plain = try await ask(port, "/sdk/quire.js", headers: ["Accept-Encoding": "br, gzip;q=0"])
            #expect(plain.text == "export {};")
            #expect(plain.headers["content-encoding"] == nil)
            let packed = try await ask(port, "/sdk/quire.js", headers: ["Accept-Encoding": "br, gzip"])
            #expect(packed.headers["content-encoding"] == "gzip")
            #expect(packed.headers["content-type"] == "text/javascript; charset=utf-8")
            #expect(packed.headers["etag"] != plain.headers["etag"])
            let tag = try #require(plain.headers["etag"])
            #expect(
                try await ask(port, "/sdk/quire.js", headers: ["Accept-Encoding": "br", "If-None-Match": tag]).status
                    == 304
            )
            #expect(try await ask(port, "/sdk/quire.js", headers: ["If-None-Match": "\"other\""]).status == 200)
        }
    }

    @Test("A server that stops tells its clients, and keeps what they wrote")
    func shutdown() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "quire-restart-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let database = folder.appending(path: "kept.sqlite").path
        try await withServer {
            $0.databasePath = database
        } body: { port async throws in
            try await seed(port, "d", "kept")
        }
        try await withServer {
            $0.databasePath = database
        } body: { port async throws in
            #expect(try await ask(port, "/v1/docs/d?format=text").text == "kept")
        }
    }
}
