import Collaboration
import SocketIOProtocol
import Testing

@testable import QuireServer

@Suite("Who is let in")
struct AuthenticatorTests {
    private func authenticator(_ configure: (inout ServerConfiguration) -> Void) async -> Authenticator {
        var configuration = ServerConfiguration()
        configure(&configuration)
        return await Authenticator(configuration: configuration)
    }

    private func token(_ sub: String, end: Double = testNow + 60) async throws -> String {
        try await TokenIssuer(secret: testSecret).token(for: Claims(sub: sub, exp: end))
    }

    @Test("auth.token comes before the header, and the header before the query")
    func precedence() async throws {
        let authenticator = await authenticator { $0.jwtSecret = testSecret }
        let (first, second, third) = (try await token("a"), try await token("b"), try await token("c"))
        for (auth, header, query, expected) in [
            (JSON.string(first), second, third, "a"), (.null, second, third, "b"), ("", second, third, "b"),
            (.null, "", third, "c"),
        ] {
            let credentials = try Authenticator.Credentials(
                auth: ["token": auth],
                authorization: header.isEmpty ? nil : "Bearer \(header)",
                queryToken: query,
                host: nil
            )
            #expect(try await authenticator.principal(for: credentials, now: testNow).user.id == expected)
        }
    }

    @Test("A bad token in an earlier place is not mended by a good one in a later")
    func noFallback() async throws {
        let authenticator = await authenticator { $0.jwtSecret = testSecret }
        let credentials = try Authenticator.Credentials(
            auth: ["token": "bad"],
            authorization: "Bearer \(try await token("b"))",
            queryToken: nil,
            host: nil
        )
        await #expect(throws: AuthenticationError.self) {
            try await authenticator.principal(for: credentials, now: testNow)
        }
    }

    @Test("auth.token must be a string", arguments: [JSON.int(1), true, ["a"], [:], .binary([1])])
    func tokenOfAnotherType(_ value: JSON) {
        #expect(throws: AuthenticationError.invalid("auth.token is not a string")) {
            try Authenticator.Credentials(auth: ["token": value], authorization: nil, queryToken: nil, host: nil)
        }
    }

    @Test("The Authorization header must be a bearer token", arguments: ["Basic YTpi", "Bearer", "Bearer a b", "x"])
    func otherHeader(_ header: String) {
        #expect(throws: AuthenticationError.self) {
            try Authenticator.Credentials(authorization: header, queryToken: nil, host: nil)
        }
    }

    @Test("Guests are welcome on loopback without a secret, or where that is allowed; nowhere else")
    func guests() async throws {
        let cases: [(String, Bool, Bool, Bool)] = [
            ("127.0.0.1", false, false, true), ("localhost", false, false, true), ("::1", false, false, true),
            ("127.0.0.1", true, false, false), ("127.0.0.1", true, true, true), ("0.0.0.0", true, false, false),
            ("0.0.0.0", true, true, true), ("0.0.0.0", false, true, true),
        ]
        for (host, hasSecret, isAllowed, isWelcome) in cases {
            let authenticator = await authenticator {
                $0.host = host
                $0.jwtSecret = hasSecret ? testSecret : nil
                $0.allowAnonymous = isAllowed
            }
            let credentials = try Authenticator.Credentials(authorization: nil, queryToken: nil, host: "localhost:8080")
            let principal = try? await authenticator.principal(for: credentials, now: testNow)
            #expect((principal != nil) == isWelcome, "\(host) secret \(hasSecret) allowed \(isAllowed)")
        }
    }

    @Test("A guest who reached loopback by a foreign name is refused: DNS rebinding")
    func rebinding() async throws {
        let authenticator = await authenticator { _ in }
        for (host, isWelcome) in [
            ("127.0.0.1:8080", true), ("localhost", true), ("[::1]:8080", true), ("evil.example:8080", false),
            ("127.0.0.1.evil.example", false), ("localhost.evil.example:1", false), ("", false), ("[::1", false),
        ] {
            let credentials = try Authenticator.Credentials(authorization: nil, queryToken: nil, host: host)
            let principal = try? await authenticator.principal(for: credentials, now: testNow)
            #expect((principal != nil) == isWelcome, "\(host)")
        }
    }

    @Test("A token without a configured secret is refused, not ignored")
    func tokenWithoutSecret() async throws {
        let authenticator = await authenticator { _ in }
        let credentials = try Authenticator.Credentials(authorization: "Bearer x", queryToken: nil, host: nil)
        let error = await #expect(throws: AuthenticationError.self) {
            try await authenticator.principal(for: credentials, now: testNow)
        }
        #expect(error?.code == .tokenInvalid)
    }

    @Test("A guest may choose a name, within reason")
    func guestNames() async throws {
        let authenticator = await authenticator { _ in }
        let long = String(repeating: "é", count: 100)
        var number = 0
        for (wish, name) in [
            (JSON.string("Ada"), "Ada"), ("", nil), ("  \t ", nil), (.int(3), nil), (.null, nil),
            ("A\nd\u{0}a", "Ada"), (.string(long), String(long.prefix(64))),
            (.string("a" + String(repeating: "\u{301}", count: 5000)), nil),
        ] {
            number += 1
            let credentials = try Authenticator.Credentials(
                auth: ["name": wish],
                authorization: nil,
                queryToken: nil,
                host: nil
            )
            let user = try await authenticator.principal(for: credentials, now: testNow).user
            #expect(user == User(id: "anonymous-\(number)", name: name ?? "Guest \(number)", isAnonymous: true))
        }
    }

    @Test("A user with a token does not choose its name")
    func tokenNames() async throws {
        let authenticator = await authenticator { $0.jwtSecret = testSecret }
        let credentials = try Authenticator.Credentials(
            auth: ["token": .string(try await token("ada")), "name": "Eve"],
            authorization: nil,
            queryToken: nil,
            host: nil
        )
        #expect(try await authenticator.principal(for: credentials, now: testNow).user.name == "ada")
    }
}
