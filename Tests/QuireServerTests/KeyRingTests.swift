import Foundation
import NIOHTTP1
import Testing

@testable import QuireServer

@Suite("Public keys")
struct KeyRingTests {
    private let issuer: KeyIssuer
    private let claims = Claims(sub: "ada", exp: testNow + 60)

    init() throws { issuer = try KeyIssuer() }

    private func ring(
        _ sources: [KeySource],
        secret: Secret? = nil,
        pause: Duration = .seconds(60)
    ) async throws -> KeyRing {
        var fixed: [VerificationKey] = []
        if let secret { fixed.append(await VerificationKey(secret: secret, id: nil)) }
        let ring = KeyRing(fixed: fixed, sources: sources, timing: .init(pause: pause), logger: silentLogger)
        try await ring.load()
        return ring
    }

    private func refusal(
        _ ring: KeyRing,
        _ token: String,
        rules: TokenRules = TokenRules()
    ) async
        -> AuthenticationError.Code?
    {
        do throws(AuthenticationError) {
            _ = try await TokenVerifier(keys: ring, rules: rules).principal(of: token, now: testNow)
            return nil
        } catch {
            return error.code
        }
    }

    private func withFile(_ text: String, _ body: (String) async throws -> Void) async throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "quire-keys-\(UUID().uuidString)")
        try text.write(to: url, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: url) }
        try await body(url.path)
    }

    @Test("A token is checked with a public key in PEM, and with no other", arguments: KeyIssuer.algorithms)
    func pem(algorithm: String) async throws {
        let other = try await KeyIssuer().token(algorithm == "RS256" ? "ES256" : algorithm, claims: claims)
        try await withFile(issuer.pem(algorithm)) { path in
            let ring = try await ring([.file(path)])
            let token = try await issuer.token(algorithm, claims: claims)
            #expect(await refusal(ring, token) == nil)
            #expect(await refusal(ring, try await issuer.token(algorithm, id: "any", claims: claims)) == nil)
            #expect(await refusal(ring, other) == .tokenInvalid)
            let parts = token.split(separator: ".")
            #expect(
                await refusal(ring, "\(parts[0]).\(parts[1]).\(RawToken.encode(Array("no".utf8)))") == .tokenInvalid
            )
            for other in KeyIssuer.algorithms where other != algorithm {
                #expect(await refusal(ring, try await issuer.token(other, claims: claims)) == .tokenInvalid)
            }
        }
    }

    @Test("A JWK set serves keys with and without a name", arguments: KeyIssuer.algorithms)
    func jwks(algorithm: String) async throws {
        let named = try issuer.jwk(algorithm, id: "k1")
        try await withFile(#"{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"new"},\#(named)]}"#) { path in
            let ring = try await ring([.file(path)])
            #expect(await refusal(ring, try await issuer.token(algorithm, id: "k1", claims: claims)) == nil)
            #expect(await refusal(ring, try await issuer.token(algorithm, claims: claims)) == nil)
            #expect(await refusal(ring, try await issuer.token(algorithm, id: "k2", claims: claims)) == .tokenInvalid)
        }
        try await withFile(#"{"keys":[\#(try issuer.jwk(algorithm, id: nil))]}"#) { path in
            let ring = try await ring([.file(path)])
            #expect(await refusal(ring, try await issuer.token(algorithm, id: "k2", claims: claims)) == nil)
        }
    }

    @Test("A public key is no HMAC secret, and none is no algorithm", arguments: KeyIssuer.algorithms)
    func confusion(algorithm: String) async throws {
        let body = #"{"sub":"eve","exp":1800000060}"#
        try await withFile(issuer.pem(algorithm)) { path in
            for secret in [nil, testSecret] {
                let ring = try await ring([.file(path)], secret: secret)
                let pem = issuer.pem(algorithm)
                for key in [pem, pem + "\n", nil] {
                    for name in ["HS256", "none", "HS512", "RS512", algorithm] {
                        let header = #"{"alg":"\#(name)"}"#
                        let token = try await RawToken.make(header: header, claims: body, secret: key)
                        #expect(await refusal(ring, token) == .tokenInvalid, "\(name)")
                    }
                }
            }
        }
    }

    @Test("The issuer and the audience must be the configured ones")
    func issuerAndAudience() async throws {
        let ring = try await ring([], secret: testSecret)
        let rules = TokenRules(issuer: "https://id.example", audience: "quire")
        for (issuer, audience, isGood) in [
            ("https://id.example", ["quire"], true), ("https://id.example", ["other", "quire"], true),
            ("https://evil.example", ["quire"], false), (nil, ["quire"], false),
            ("https://id.example", ["other"], false), ("https://id.example", nil, false),
        ] {
            let claims = Claims(sub: "ada", exp: testNow + 60, iss: issuer, aud: audience)
            let token = try await TokenIssuer(secret: testSecret).token(for: claims)
            #expect((await refusal(ring, token, rules: rules) == nil) == isGood, "\(claims)")
        }
    }

    @Test("Clocks may differ by a little")
    func leeway() async throws {
        let ring = try await ring([], secret: testSecret)
        let cases: [(Claims, Double, AuthenticationError.Code?)] = [
            (Claims(sub: "a", exp: testNow - 2), 0, .tokenExpired), (Claims(sub: "a", exp: testNow - 2), 3, nil),
            (Claims(sub: "a", exp: testNow - 4), 3, .tokenExpired),
            (Claims(sub: "a", exp: testNow + 60, nbf: testNow + 4), 0, nil),
            (Claims(sub: "a", exp: testNow + 60, nbf: testNow + 6), 0, .tokenInvalid),
            (Claims(sub: "a", exp: testNow + 60, iat: testNow + 4), 0, nil),
            (Claims(sub: "a", exp: testNow + 60, iat: testNow + 6), 0, .tokenInvalid),
        ]
        for (claims, leeway, code) in cases {
            let token = try await TokenIssuer(secret: testSecret).token(for: claims)
            #expect(await refusal(ring, token, rules: TokenRules(leeway: leeway)) == code, "\(claims)")
        }
    }

    @Test("A new key in a file is found when a token names it")
    func rotationInFile() async throws {
        try await withFile(try issuer.jwk("ES256", id: "old")) { path in
            let ring = try await ring([.file(path)], pause: .zero)
            let next = try KeyIssuer()
            let token = try await next.token("ES256", id: "new", claims: claims)
            #expect(await refusal(ring, token) == .tokenInvalid)
            try next.jwk("ES256", id: "new").write(toFile: path, atomically: true, encoding: .utf8)
            #expect(await refusal(ring, token) == nil)
            #expect(await refusal(ring, try await issuer.token("ES256", id: "old", claims: claims)) == .tokenInvalid)
            // Half a file, or none, changes nothing.
            try "{".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(await refusal(ring, try await issuer.token("ES256", id: "old", claims: claims)) == .tokenInvalid)
            #expect(await refusal(ring, token) == nil)
        }
    }

    @Test("A new key at an address is found when a token names it, and old keys outlive a failure")
    func rotationAtAddress() async throws {
        try await KeyServer.run { server, address in
            server.answer([try issuer.jwk("ES256", id: "old")])
            let ring = try await ring([KeySource(address)], pause: .zero)
            let old = try await issuer.token("ES256", id: "old", claims: claims)
            #expect(await refusal(ring, old) == nil)
            let next = try KeyIssuer()
            let new = try await next.token("EdDSA", id: "new", claims: claims)
            server.answer([], status: .internalServerError)
            #expect(await refusal(ring, new) == .tokenInvalid)
            #expect(await refusal(ring, old) == nil)
            server.answer([try issuer.jwk("ES256", id: "old"), try next.jwk("EdDSA", id: "new")])
            #expect(await refusal(ring, new) == nil)
            #expect(await refusal(ring, old) == nil)
            #expect(server.requests == 3)
            // A redirect and a set without end are failures too.
            server.answer([], status: .found, headers: [("location", address + "/elsewhere")])
            #expect(await ring.read() != [nil])
            server.answer([String(repeating: " ", count: KeySet.maximumBytes)])
            #expect(await ring.read() != [nil])
            #expect(await refusal(ring, old) == nil)
        }
    }

    @Test("Invented names do not make us hammer the issuer")
    func unknownNamesAreBounded() async throws {
        try await KeyServer.run { server, address in
            server.answer([try issuer.jwk("ES256", id: "old")])
            let ring = try await ring([KeySource(address)], pause: .seconds(60))
            for number in 0..<50 {
                let token = try await issuer.token("ES256", id: "invented-\(number)", claims: claims)
                #expect(await refusal(ring, token) == .tokenInvalid)
            }
            #expect(server.requests == 1)
        }
    }

    @Test("A set is read again when its time is over")
    func cacheTime() async throws {
        try await KeyServer.run { server, address in
            server.answer([try issuer.jwk("ES256", id: "a")], headers: [("cache-control", "public, max-age=0")])
            let timing = KeyRing.Timing(ages: 0.05...1)
            let ring = KeyRing(fixed: [], sources: [KeySource(address)], timing: timing, logger: silentLogger)
            try await ring.load()
            let refresher = Task { try await ring.keepFresh() }
            let deadline = ContinuousClock.now + .seconds(10)
            while server.requests < 3, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(10)) }
            refresher.cancel()
            #expect(server.requests >= 3)
        }
    }

    @Test("A file that is not there or has no keys stops the start; an address may come later")
    func start() async throws {
        await #expect(throws: ConfigurationError.self) { try await ring([.file("/nonexistent/keys")]) }
        try await withFile("hello") { path in
            await #expect(throws: ConfigurationError.self) { try await ring([.file(path)]) }
        }
        _ = try await ring([.url("http://127.0.0.1:1/keys")])
    }
}
