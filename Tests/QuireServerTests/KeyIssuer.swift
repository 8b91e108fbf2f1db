import Foundation
import JWTKit
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

@testable import QuireServer

/// An issuer with a key pair of each kind.
struct KeyIssuer {
    /// The names of the algorithms it signs with.
    static let algorithms = ["RS256", "ES256", "EdDSA"]

    let rsa: JWTKit.Insecure.RSA.PrivateKey
    let p256 = ES256PrivateKey()
    let ed25519: EdDSA.PrivateKey

    init() throws {
        rsa = try JWTKit.Insecure.RSA.PrivateKey(pem: Self.rsaPEM)
        ed25519 = try EdDSA.PrivateKey(curve: .ed25519)
    }

    /// Made for these tests by `openssl genpkey`, for JWTKit makes none; it opens nothing.
    private static let rsaPEM = """
        -----BEGIN PRIVATE KEY-----
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCoVox4VKye3Pw/
        uqDvsUoRUDuAWl0HG4gpzMckUcUjvd1zUBlUcTTHdM3tMDhWhEmPlJ3SNM1Sx8WR
        JH3AHFrVMtv2PpFUi1nucK4Ba2KVhkqA8l+pEzflHJBYqrwC7h/D7glplRBwM2U+
        PlKHTUCaySxON2+EsGkMczLV/bQMTw00j4E3ktiWduUDsRImoyAJXaDeSOR5E5yT
        lkeEFWvfaqiyHXG+SJ0A4JHekXO8iefS1KntqOZrO7YOjEZLcY1Q4K67JdzpWPg+
        pf6SMWzFTV8a4NmW0l8XYLyFdco3hUFwgRZNXUkUcqv98dztVXje+Aip8b2fGBn/
        WmMeXdvlAgMBAAECggEAEaN39ofQypiXKcpRYKwv+Z5xjaJqSvtcihy15R1YTcVw
        Ncv3y3xNLnUTur2puY8E8jF9U/BKb1kVX372WjHeZqZ8m9G0gqpTUwOlh+qLmuVG
        WzqKQXoNCkmy6keBicEPvQTtIY4H+em4uwvms9ypX06jANMYMUwWxcIwWnHJ8twN
        3+hxyUN903sub+XeWOmTjCg2cuYNQmphR8qVH7B6xDnP1DNillF8ys2ZD8mOyJiy
        xB/4GVvxmiQQBHi6EN8FVP/u2csPi0I06ucdW17jo13XBbCi4lrNmcMfF3BuHRgB
        bTAg6bWAqG53NeWYGiTamJ5XLeEJ9ChSgjZTaFIFhQKBgQDngXHqIeYiDhtL5iPR
        30bOk8SqngSiNZ8hsVF5SGbTxl9i6wu+6ndOVNlsEGZsp4k+uIfvzeTAmnFdJCY9
        S8V8U4fM3kyoYxgIaZbDs967f2ZyP91xtPdGNotsBEOoRgTR9ec4Oyqqt+sDBseN
        yO3iKQBnG2GEZ8UXqRXcgeifgwKBgQC6JiYjfbZKYpfYYE7yjwPfnfFxAlOJowQ0
        azPPJ611cEtaunXqFkjb/RjJObJxlaMTK5HyepP71d96okWU7LGJ9i36luCvkq1W
        +zIKIC/o/yogSCTTBkoxRoFnOXM9XJoaEFVE234rxBakJJRLpc3k3msOhHPSk+Er
        UyRxMEGSdwKBgFD7Merx0rvE7X1+UrdegDlQ7XG1du97DGBP0602S2n3MXS7vc8Z
        24QWIDwx/HIzpMnA6SRUhJlvLQqk04+Lithzq8RZWr1odIa00N1CdT5nUWHTv1XA
        NONlvx2Y3EXnwFXly+0anVE8psPXQkTxrWz4ZMCsjk8vsX0WU6Rf+QybAoGBALaf
        xrr7EmRX5fD6S3ncpUg1hDICvkJCFFX49pM9sgeNa+BPHm/R/RkWbcK9QDv/OkYM
        cNsbNyPS57VAjlNVA7j+NI2siDK4DCdRuf4FJfvImmOhY79EZHWDXmEPE+gXeXgo
        nf8398ioUC4pVPQCbsUjEJTljVwCiN4ga5hAZ5RxAoGASnP2puE5QUfB7Z2FPTvs
        jfHgv8xgFl5fRIsrL/KFPM327ew2LhNJ4Xf11ytPdnTZtnNNxYn/Vd3n+Q8dr2yN
        1k+9CnWKoSfJWDyRJ9rHE0KZ1i6zybKnuaKLwm04fdSxMo1+2NGVe5LLcDUp1K4K
        HvbuCnP7+j8/oPT49muOdZE=
        -----END PRIVATE KEY-----
        """

    /// The public key in PEM.
    func pem(_ algorithm: String) -> String {
        switch algorithm {
        case "RS256": return rsa.publicKey.pemRepresentation
        case "ES256": return p256.publicKey.pemRepresentation
        default: return ed25519.publicKey.pemRepresentation
        }
    }

    /// The public key as a JWK.
    func jwk(_ algorithm: String, id: String?) throws -> String {
        let name = id.map { #""kid":"\#($0)","# } ?? ""
        switch algorithm {
        case "RS256":
            let (modulus, exponent) = try rsa.publicKey.getKeyPrimitives()
            let (n, e) = (RawToken.encode(Array(modulus)), RawToken.encode(Array(exponent)))
            return #"{\#(name)"kty":"RSA","use":"sig","n":"\#(n)","e":"\#(e)"}"#
        case "ES256":
            let (x, y) = p256.parameters ?? ("", "")
            let (urlX, urlY) = (Self.urlSafe(x), Self.urlSafe(y))
            return #"{\#(name)"kty":"EC","crv":"P-256","alg":"ES256","x":"\#(urlX)","y":"\#(urlY)"}"#
        default:
            let x = RawToken.encode(Array(ed25519.publicKey.rawRepresentation))
            return #"{\#(name)"kty":"OKP","crv":"Ed25519","x":"\#(x)"}"#
        }
    }

    /// A signed token.
    func token(_ algorithm: String, id: String? = nil, claims: Claims) async throws -> String {
        let keys = JWTKeyCollection()
        switch algorithm {
        case "RS256": await keys.add(rsa: rsa, digestAlgorithm: .sha256)
        case "ES256": await keys.add(ecdsa: p256)
        default: await keys.add(eddsa: ed25519)
        }
        var header = JWTHeader()
        if let id { header.kid = id }
        return try await keys.sign(claims, header: header)
    }

    private static func urlSafe(_ text: String) -> String {
        text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

/// What serves a JWK set, and counts who asks.
final class KeyServer: Sendable {
    /// What is answered.
    struct Reply: Sendable {
        var status = HTTPResponseStatus.ok
        var body = #"{"keys":[]}"#
        var headers: [(String, String)] = []
    }

    private let state = Mutex((reply: Reply(), requests: 0))
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    var requests: Int { state.withLock { $0.requests } }

    /// Serves while `body` runs, which is given the address.
    static func run(_ body: (KeyServer, String) async throws -> Void) async throws {
        let server = KeyServer()
        let channel = try await ServerBootstrap(group: server.group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(server: server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port ?? 0
        do {
            try await body(server, "http://127.0.0.1:\(port)/keys")
        } catch {
            try? await channel.close()
            try await server.group.shutdownGracefully()
            throw error
        }
        try await channel.close()
        try await server.group.shutdownGracefully()
    }

    func answer(_ keys: [String], status: HTTPResponseStatus = .ok, headers: [(String, String)] = []) {
        let body = #"{"keys":[\#(keys.joined(separator: ","))]}"#
        state.withLock { $0.reply = Reply(status: status, body: body, headers: headers) }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        let server: KeyServer

        init(server: KeyServer) { self.server = server }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .end = Self.unwrapInboundIn(data) else { return }
            let reply = server.state.withLock { state in
                state.requests += 1
                return state.reply
            }
            var headers = HTTPHeaders(reply.headers)
            headers.add(name: "content-length", value: String(reply.body.utf8.count))
            let head = HTTPResponseHead(version: .http1_1, status: reply.status, headers: headers)
            context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: reply.body)))), promise: nil)
            context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
