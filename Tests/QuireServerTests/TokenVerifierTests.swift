import Collaboration
import Foundation
import Testing

@testable import QuireServer

@Suite("Tokens")
struct TokenVerifierTests {
    /// A token that must be refused.
    struct Bad: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var header = #"{"alg":"HS256","typ":"JWT"}"#
        var claims = #"{"sub":"ada","exp":1800000060}"#
        var secret: String? = testSecret.revealed
        var code = AuthenticationError.Code.tokenInvalid

        static let table: [Bad] = [
            Bad(testDescription: "algorithm none", header: #"{"alg":"none"}"#, secret: nil),
            Bad(testDescription: "algorithm none, signed all the same", header: #"{"alg":"none"}"#),
            Bad(testDescription: "algorithm HS512", header: #"{"alg":"HS512"}"#),
            Bad(testDescription: "algorithm in lower case", header: #"{"alg":"hs256"}"#),
            Bad(testDescription: "algorithm is a number", header: #"{"alg":256}"#),
            Bad(testDescription: "no algorithm", header: #"{"typ":"JWT"}"#),
            Bad(testDescription: "header is an array", header: #"["HS256"]"#),
            Bad(testDescription: "header is not JSON", header: "HS256"),
            Bad(testDescription: "header is empty", header: ""),
            Bad(testDescription: "an unknown key", header: #"{"alg":"HS256","kid":"other"}"#),
            Bad(testDescription: "key is not a string", header: #"{"alg":"HS256","kid":7}"#),
            Bad(testDescription: "critical extension", header: #"{"alg":"HS256","crit":["exp"]}"#),
            Bad(testDescription: "another secret", secret: "another secret, with 32 bytes or more too"),
            Bad(testDescription: "no signature", secret: nil),
            Bad(testDescription: "claims are not JSON", claims: "ada"),
            Bad(testDescription: "claims are an array", claims: "[]"),
            Bad(testDescription: "expired", claims: #"{"sub":"ada","exp":1799999999}"#, code: .tokenExpired),
            Bad(testDescription: "expires now", claims: #"{"sub":"ada","exp":1800000000}"#, code: .tokenExpired),
            Bad(testDescription: "expired long ago", claims: #"{"sub":"ada","exp":-1e300}"#, code: .tokenExpired),
            Bad(testDescription: "end is a string", claims: #"{"sub":"ada","exp":"1800000060"}"#),
            Bad(testDescription: "end is beyond all numbers", claims: #"{"sub":"ada","exp":1e999}"#),
            Bad(testDescription: "no end", claims: #"{"sub":"ada"}"#),
            Bad(testDescription: "not yet", claims: #"{"sub":"ada","exp":1800000060,"nbf":1800000030}"#),
            Bad(testDescription: "no subject", claims: #"{"exp":1800000060}"#),
            Bad(testDescription: "subject in another spelling", claims: "{\"sub\":\"e\u{301}\",\"exp\":1800000060}"),
            Bad(testDescription: "empty subject", claims: #"{"sub":"","exp":1800000060}"#),
            Bad(testDescription: "subject is a number", claims: #"{"sub":1,"exp":1800000060}"#),
            Bad(
                testDescription: "subject is too long",
                claims: #"{"sub":"\#(String(repeating: "a", count: 257))","exp":1800000060}"#
            ),
            Bad(
                testDescription: "name is too long",
                claims: #"{"sub":"ada","name":"\#(String(repeating: "a", count: 257))","exp":1800000060}"#
            ),
            Bad(testDescription: "unknown role", claims: #"{"sub":"ada","exp":1800000060,"docs":{"*":"owner"}}"#),
            Bad(testDescription: "roles are a list", claims: #"{"sub":"ada","exp":1800000060,"docs":["a"]}"#),
            Bad(
                testDescription: "longer than anybody needs",
                claims: #"{"sub":"ada","exp":1800000060,"x":"\#(String(repeating: "a", count: 8192))"}"#
            ),
        ]
    }

    private func verifier(keyID: String? = nil, requiresExpiry: Bool = true) async -> TokenVerifier {
        await TokenVerifier(secret: testSecret, keyID: keyID, requiresExpiry: requiresExpiry)
    }

    @Test("A token that is wrong in any way is refused, and says how", arguments: Bad.table)
    func badToken(_ bad: Bad) async throws {
        let token = try await RawToken.make(header: bad.header, claims: bad.claims, secret: bad.secret)
        let error = await #expect(throws: AuthenticationError.self) {
            try await verifier().principal(of: token, now: testNow)
        }
        #expect(error?.code == bad.code, "\(error?.reason ?? "")")
    }

    @Test(
        "What is no token at all is refused",
        arguments: [
            "", ".", "..", "...", "a.b.c", "not a token", "e30", "e30.e30", "e30.e30.e30.e30", "\u{0}.\u{0}.\u{0}",
            "=.=.=", "e30=.e30=.e30=", "ä.ö.ü", "e3.e3.e3", "eyJhbGciOiJIUzI1NiJ9..", "eyJhbGciOiJIUzI1NiJ9.e30.",
            "eyJhbGciOiJIUzI1NiJ9.%%%.%%%", "eyJhbGciOiJIUzI1NiJ9.A.A",
        ]
    )
    func notAToken(_ text: String) async throws {
        let error = await #expect(throws: AuthenticationError.self) {
            try await verifier().principal(of: text, now: testNow)
        }
        #expect(error?.code == .tokenInvalid)
    }

    @Test("Flipping any character of a good token makes it a bad one")
    func everyCharacterCounts() async throws {
        let issuer = try await TokenIssuer(secret: testSecret)
        let token = Array(try await issuer.token(for: Claims(sub: "ada", exp: testNow + 60)).utf8)
        let verifier = await self.verifier()
        // The signature's last character carries two bits that are not part of it.
        for index in token.indices.dropLast() {
            var changed = token
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let text = String(decoding: changed, as: UTF8.self)
            await #expect(throws: AuthenticationError.self, "character \(index)") {
                try await verifier.principal(of: text, now: testNow)
            }
        }
    }

    @Test("A good token tells who somebody is")
    func goodToken() async throws {
        let issuer = try await TokenIssuer(secret: testSecret)
        let token = try await issuer.token(for: Claims(sub: "ada", name: "Ada", exp: testNow + 60, nbf: testNow + 3))
        let principal = try await verifier().principal(of: token, now: testNow)
        #expect(principal.user == User(id: "ada", name: "Ada", isAnonymous: false))
        #expect(principal.expiresAt == testNow + 60)
        #expect(DocumentID("any").flatMap(principal.role(for:)) == .write)
    }

    @Test("A token may name the configured key, and may leave it out")
    func configuredKey() async throws {
        let verifier = await self.verifier(keyID: "2026")
        for keyID in ["2026", nil] {
            let issuer = try await TokenIssuer(secret: testSecret, keyID: keyID)
            let token = try await issuer.token(for: Claims(sub: "ada", exp: testNow + 60))
            #expect(try await verifier.principal(of: token, now: testNow).user.name == "ada")
        }
    }

    @Test("A token without an end is accepted where that is configured")
    func withoutEnd() async throws {
        let token = try await TokenIssuer(secret: testSecret).token(for: Claims(sub: "ada"))
        let principal = try await verifier(requiresExpiry: false).principal(of: token, now: testNow)
        #expect(principal.expiresAt == nil)
    }

    @Test("No reason for a refusal quotes the token")
    func reasonsAreDiscreet() async throws {
        let claims = #"{"sub":"SENSITIVE","exp":"SENSITIVE"}"#
        let token = try await RawToken.make(
            header: #"{"alg":"HS256"}"#,
            claims: claims,
            secret: testSecret.revealed
        )
        let error = await #expect(throws: AuthenticationError.self) {
            try await verifier().principal(of: token, now: testNow)
        }
        #expect(error?.reason.contains("SENSITIVE") == false)
    }
}

@Suite("Grants")
struct DocumentGrantsTests {
    @Test(
        "The most specific rule decides",
        arguments: [
            ("minutes-1", Role.read), ("minutes-2", .write), ("minutes", .comment), ("notes", .comment),
            ("m", .comment),
        ]
    )
    func mostSpecific(document: String, role: Role) throws {
        let grants = try #require(
            DocumentGrants(claim: ["*": "comment", "minutes-*": "read", "minutes-2": "write", "other-*": "admin"])
        )
        #expect(grants.role(for: try #require(DocumentID(document))) == role)
    }

    @Test("What no rule matches is closed")
    func noRule() throws {
        let grants = try #require(DocumentGrants(claim: ["a*": "write", "b": "write"]))
        for name in ["b1", "c", "ba", "A"] { #expect(grants.role(for: try #require(DocumentID(name))) == nil) }
        let none = try #require(DocumentGrants(claim: [:]))
        #expect(none.role(for: try #require(DocumentID("a"))) == nil)
    }

    @Test("A star inside a pattern is no wildcard")
    func innerStar() throws {
        let grants = try #require(DocumentGrants(claim: ["a*b": "write"]))
        #expect(grants.role(for: try #require(DocumentID("axb"))) == nil)
    }
}
