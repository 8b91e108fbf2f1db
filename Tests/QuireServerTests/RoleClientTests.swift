import CRDT
import Foundation
import QuireClient
import SocketIOProtocol
import Testing

@testable import QuireServer

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Roles that change under the hands of a Swift client.
@Suite("Roles and the client", .timeLimit(.minutes(1)))
struct RoleClientTests {
    /// Sets a role over HTTP.
    private static func put(_ role: String, of user: String, in document: String, port: Int) async throws {
        var request = URLRequest(
            url: try #require(URL(string: "http://127.0.0.1:\(port)/v1/docs/\(document)/roles/\(user)"))
        )
        request.httpMethod = "PUT"
        request.httpBody = Data("{\"role\": \"\(role)\"}".utf8)
        let token = try await token("root", docs: ["*": "admin"])
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        let (_, response) = try await URLSession.shared.data(for: request)
        #expect((response as? HTTPURLResponse)?.statusCode == 200)
    }

    private static func token(_ sub: String, docs: [String: String]? = nil) async throws -> String {
        let claims = Claims(sub: sub, exp: Date().timeIntervalSince1970 + 600, docs: docs)
        return try await TokenIssuer(secret: testSecret).token(for: claims)
    }

    @Test("A role lowered and raised again and again while two people type: nothing is lost and nothing is doubled")
    func continuousTyping() async throws {
        try await withServer(configure: { $0.jwtSecret = testSecret }) { port in
            let url = "http://127.0.0.1:\(port)"
            let first = try QuireConnection(url: url, token: try await Self.token("ada"))
            let second = try QuireConnection(url: url, token: try await Self.token("grace"))
            let ada = try await first.open("typed")
            let grace = try await second.open("typed")
            let roles = Task {
                for round in 0..<30 {
                    try await Self.put(["read", "comment"][round % 2], of: "ada", in: "typed", port: port)
                    try await Task.sleep(for: .milliseconds(round % 3 * 4))
                    try await Self.put("write", of: "ada", in: "typed", port: port)
                    try await Task.sleep(for: .milliseconds(round % 4 * 3))
                }
            }
            let grace2 = Task {
                for index in 0..<300 {
                    try await grace.insert("(g\(index))", at: 0)
                    if index % 10 == 0 { try await Task.sleep(for: .milliseconds(3)) }
                }
                try await grace.flush()
            }
            var typed: [String] = []
            var refusals = 0
            while typed.count < 400 {
                let word = "<a\(typed.count)>"
                do {
                    try await ada.insert(word, at: 0)
                    typed.append(word)
                } catch let error as QuireError where error.code == .forbidden {
                    // The client says so at once; the person goes on when the text may be edited again.
                    refusals += 1
                    try await Task.sleep(for: .milliseconds(1))
                }
                await Task.yield()
            }
            try await roles.value
            try await grace2.value
            try await ada.flush()
            try await grace.received(ada.version)
            try await ada.received(grace.version)
            let text = await grace.text()
            #expect(await ada.text() == text)
            let token = try await Self.token("grace")
            #expect(try await second.fetchText(of: "typed", token: token) == text)
            #expect(refusals > 0)
            for word in typed { #expect(text.components(separatedBy: word).count == 2, "\(word) once") }
            for index in 0..<300 { #expect(text.components(separatedBy: "(g\(index))").count == 2) }
            #expect(text.utf16.count == (typed + (0..<300).map { "(g\($0))" }).reduce(0) { $0 + $1.utf16.count })
            #expect(await ada.state == .live)
            await first.close()
            await second.close()
        }
    }
}
