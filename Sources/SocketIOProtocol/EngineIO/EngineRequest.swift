/// The query of an Engine.IO request, and the rules by which it is let in.
public struct EngineRequest: Hashable, Sendable {
    /// One query parameter, decoded.
    public struct Parameter: Hashable, Sendable {
        /// The name.
        public let name: String
        /// The value; empty when there was no `=`.
        public let value: String
    }

    /// The methods that matter to the protocol. (`OPTIONS` is for the gateway's CORS rules.)
    public enum Method: Hashable, Sendable {
        /// GET.
        case get
        /// POST.
        case post
        /// Anything else.
        case other
    }

    /// What a request is for, once it passed.
    public enum Purpose: Hashable, Sendable {
        /// Open a session on this transport.
        case handshake(EngineTransport)
        /// Give it to the session with this id, which exists: as a GET or POST, or as another WebSocket.
        case session(String, EngineTransport)
    }

    /// The method.
    public let method: Method
    /// All parameters in order, decoded; at most ``maxParameters``.
    public let parameters: [Parameter]

    /// How many parameters are read; clients send about four.
    ///
    /// The HTTP layer bounds their length.
    public static let maxParameters = 64

    /// Reads the part of a request target behind the `?`, still percent-encoded.
    ///
    /// `+` is a space, a broken escape stands for itself, bytes that are not UTF-8 become U+FFFD.
    public init(method: Method, query: some Collection<UInt8>) {
        self.method = method
        var parameters: [Parameter] = []
        // An array first: the work on it is compiled for bytes, on a collection from another module it would not be.
        let bytes = Array(query)
        for pair in bytes.split(separator: UInt8(ascii: "&"), maxSplits: Self.maxParameters).prefix(Self.maxParameters)
        {
            let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let value = end == pair.endIndex ? pair[end...] : pair[pair.index(after: end)...]
            parameters.append(Parameter(name: Self.decode(pair[..<end]), value: Self.decode(value)))
        }
        self.parameters = parameters
    }

    private static func decode(_ bytes: ArraySlice<UInt8>) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"):
                decoded.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = rest.prefix(2).compactMap(self.hexDigit)
                if digits.count == 2 {
                    decoded.append(digits[0] << 4 | digits[1])
                    rest.removeFirst(2)
                } else {
                    decoded.append(byte)
                }
            case _:
                decoded.append(byte)
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case _: nil
        }
    }

    /// The value of the first parameter of this name.
    public subscript(name: String) -> String? {
        self.parameters.first { $0.name == name }?.value
    }

    /// The `sid`, if there is one; an empty one is none, as in the reference.
    public var sessionID: String? { self["sid"].flatMap { $0.isEmpty ? nil : $0 } }

    /// Decides what a request is for.
    ///
    /// Checks in the order of the reference (`verify`, then `handshake` in engine.io's `server.ts`), so that a request with
    /// several faults gets the same code:
    ///
    /// 1. `transport` is one on offer, else 0;
    /// 2. with a `sid`: the session exists, else 1; the request fits its transport, else 3; `EIO` is not looked at;
    /// 3. without: the method is GET, else 2; a WebSocket comes as an upgrade, else 3; `EIO` is 4, else 5.
    ///
    /// Where the reference upgrades first and then closes (`transport=polling` with an upgrade) or answers 500 (a session's
    /// PUT), the code is 3.
    ///
    /// - Parameters:
    ///   - isWebSocketUpgrade: Whether the request asks for an upgrade to `websocket`.
    ///   - transports: What the server offers.
    ///   - session: The transport that the session with the request's `sid` uses now; nil when there is none.
    /// - Returns: What to do with the request.
    /// - Throws: The code to answer with. To a WebSocket upgrade the reference answers 400 with the message as text.
    public func check(
        isWebSocketUpgrade: Bool,
        transports: Set<EngineTransport>,
        session: EngineTransport?
    ) throws(EngineErrorCode) -> Purpose {
        guard
            let transport = self["transport"].flatMap(EngineTransport.init(rawValue:)),
            transports.contains(transport)
        else { throw .transportUnknown }
        if let sessionID = self.sessionID {
            guard let session else { throw .sessionIDUnknown }
            // A WebSocket for a session that has one is let in here: the session tells it to close, as the suite wants.
            if transport == .webSocket {
                guard isWebSocketUpgrade else { throw .badRequest }
            } else {
                guard !isWebSocketUpgrade, session == .polling, self.method != .other else { throw .badRequest }
            }
            return .session(sessionID, transport)
        }
        guard self.method == .get else { throw .badHandshakeMethod }
        guard isWebSocketUpgrade == (transport == .webSocket) else { throw .badRequest }
        guard self["EIO"] == "4" else { throw .unsupportedProtocolVersion }
        return .handshake(transport)
    }
}
