import NIOHTTP1
import SocketIOProtocol

/// What HTTP/1 asks of every request, whatever it is for: a host, a target in a form that handlers know, no expectation that
/// is not met (RFC 9112 sections 3.2 and 3.3, RFC 9110 section 10.1.1).
///
/// The first gate of a connection sees to it, so that the handlers behind see requests that are in order.
enum RequestRules {
    /// What is to become of a request.
    enum Verdict {
        /// It may proceed.
        ///
        /// `expectsContinue`: its body comes once 100 (Continue) was answered, or a final status in place of that.
        case proceed(expectsContinue: Bool)
        /// It is answered with this, and the connection ends: what follows may not be what it seems.
        case refuse(Refusal)
    }

    /// Why a request is refused.
    enum Refusal: String {
        case missingHost = "a request of HTTP/1.1 needs a Host"
        case repeatedHost = "a request has one Host"
        case malformedHost = "the Host is none"
        case malformedTarget = "the target is no address"
        case unknownExpectation = "the only expectation known here is 100-continue"

        var status: HTTPResponseStatus { self == .unknownExpectation ? .expectationFailed : .badRequest }

        /// `{code, message, retryable}`, as for all that is refused before it reaches a handler.
        var response: EngineResponse {
            let code = self == .unknownExpectation ? "EXPECTATION_FAILED" : "BAD_REQUEST"
            let body: JSON = ["code": .string(code), "message": .string(self.rawValue), "retryable": false]
            return EngineResponse(status: Int(self.status.code), contentType: .json, body: body.serialize())
        }
    }

    /// Judges a request, and puts it into the form that handlers know: the target begins with its path, and nothing is
    /// expected of them any more.
    static func judge(_ head: inout HTTPRequestHead) -> Verdict {
        let isOld = (head.version.major, head.version.minor) < (1, 1)
        let hosts = head.headers["host"]
        guard hosts.count <= 1 else { return .refuse(.repeatedHost) }
        if let host = hosts.first {
            guard self.isHost(host) else { return .refuse(.malformedHost) }
        } else if !isOld {
            return .refuse(.missingHost)
        }
        if let (authority, rest) = self.absoluteForm(of: head.uri) {
            guard !authority.isEmpty, self.isHost(authority) else { return .refuse(.malformedTarget) }
            // The target counts, whatever the header says.
            head.headers.replaceOrAdd(name: "host", value: authority)
            head.uri = rest
        }
        guard head.headers.contains(name: "expect") else { return .proceed(expectsContinue: false) }
        // HTTP/1.0 knows no expectations, so there they are nothing.
        let expected = isOld ? [] : head.headers[canonicalForm: "expect"]
        head.headers.remove(name: "expect")
        guard expected.allSatisfy({ $0.lowercased() == "100-continue" }) else { return .refuse(.unknownExpectation) }
        // Without a body there is nothing to wait for.
        return .proceed(expectsContinue: !expected.isEmpty && WebSocketHandshake.announcesBody(head))
    }

    /// The parts of `http://host:port/path?query`, the second as a target of its own; nil for any other form.
    private static func absoluteForm(of target: String) -> (authority: String, rest: String)? {
        guard let first = target.utf8.first, first != UInt8(ascii: "/") else { return nil }
        let scheme = ["http://", "https://"].first {
            target.utf8.count >= $0.utf8.count && target.lowercased().hasPrefix($0)
        }
        guard let scheme else { return nil }
        let behind = target.utf8.dropFirst(scheme.utf8.count)
        let end = behind.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? behind.endIndex
        let rest = String(target[end...])
        return (String(target[behind.startIndex..<end]), rest.utf8.first == UInt8(ascii: "/") ? rest : "/" + rest)
    }

    /// Whether a text may be a host with a port: nothing in it that ends or divides an authority.
    ///
    /// An empty one may stand in the header: that is what a client sends whose target has no authority.
    private static func isHost(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            case ...0x20, 0x7F..., UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "@"),
                UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"):
                false
            default:
                true
            }
        }
    }

    /// The answer that asks for the body.
    static let invitation = HTTPResponseHead(version: .http1_1, status: .continue)
}
