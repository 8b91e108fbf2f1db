import NIOCore
import NIOHTTP1
import SocketIOProtocol

/// What a request of ours is for, from its head to the session that answers it.
extension Gate {
    /// The head of a request of ours came, and no other is under way.
    func begin(_ head: HTTPRequestHead, number: UInt64, awaitsContinue: Bool, context: ChannelHandlerContext) {
        let origin = head.headers.first(name: "origin")
        let isAdmitted = self.server.origins.admits(origin: origin, host: head.headers.first(name: "host"))
        self.exchange = Exchange(
            number: number,
            head: head,
            corsHeaders: isAdmitted ? self.corsHeaders(origin: origin) : [],
            phase: .receiving(.undecided),
            awaitsContinue: awaitsContinue
        )
        guard isAdmitted else {
            return self.answerAtEnd(number, EngineErrorCode.forbidden.response(message: "Origin not allowed"))
        }
        if head.method == .OPTIONS {
            return self.answerPreflight(head, number: number)
        }

        let request = EngineRequest(
            method: head.method == .GET ? .get : head.method == .POST ? .post : .other,
            query: RequestTarget.query(of: head.uri)
        )
        let isUpgrade = WebSocketHandshake.isUpgrade(head)
        guard let sessionID = request.sessionID, let connection = self.server.connection(sessionID) else {
            do throws(EngineErrorCode) {
                let purpose = try request.check(
                    isWebSocketUpgrade: isUpgrade,
                    transports: self.server.configuration.transports,
                    session: nil
                )
                self.proceed(purpose, connection: nil)
            } catch {
                self.answerAtEnd(number, Self.refusal(error, isUpgrade: isUpgrade))
            }
            return
        }

        // Which transport the session uses, only its own loop knows.
        let gateLoop = context.eventLoop
        let gate = NIOLoopBound(self, eventLoop: gateLoop)
        let transports = self.server.configuration.transports
        connection.run {
            let result: Result<EngineRequest.Purpose, EngineErrorCode>
            do throws(EngineErrorCode) {
                result = .success(
                    try request.check(
                        isWebSocketUpgrade: isUpgrade,
                        transports: transports,
                        session: connection.transport
                    )
                )
            } catch {
                result = .failure(error)
            }
            gate.run(on: gateLoop) {
                guard $0.exchange?.number == number else { return }
                switch result {
                case .success(let purpose): $0.proceed(purpose, connection: connection)
                case .failure(let error): $0.answerAtEnd(number, Self.refusal(error, isUpgrade: isUpgrade))
                }
            }
        }
    }

    /// The answer to a request that may not pass; to one for a WebSocket it is the message alone, as in the original.
    private static func refusal(_ error: EngineErrorCode, isUpgrade: Bool) -> EngineResponse {
        guard isUpgrade else { return error.response() }
        return EngineResponse(status: error.httpStatus, contentType: .html, body: Array(error.message.utf8))
    }

    /// The request passed; says what is to happen with its body.
    private func proceed(_ purpose: EngineRequest.Purpose, connection: EngineConnection?) {
        guard var exchange = self.exchange, let context = self.context else { return }
        let transport: EngineTransport
        switch purpose {
        case .handshake(let requested): transport = requested
        case .session(_, let requested): transport = requested
        }

        let intent: Exchange.Intent
        switch (transport, exchange.head.method) {
        case (.webSocket, _):
            guard let key = WebSocketHandshake.key(of: exchange.head) else {
                let isOldVersion = !WebSocketHandshake.hasKnownVersion(exchange.head)
                var response = EngineErrorCode.badRequest.response(message: "Malformed WebSocket handshake")
                response.status = isOldVersion ? 426 : 400
                return self.answerAtEnd(exchange.number, response, headers: [("sec-websocket-version", "13")])
            }
            intent = .upgrade(connection, key: key)
        case (.polling, .POST):
            guard let connection else {
                return self.answerAtEnd(exchange.number, EngineErrorCode.badHandshakeMethod.response())
            }
            let id = self.server.makeTransportID()
            let contentLength = exchange.head.headers.first(name: "content-length").flatMap { Int($0) }
            intent = .post(connection, id, contentLength: contentLength)
            exchange.owner = (connection, id)
        case (.polling, _):
            intent = .get(connection)
        }

        switch exchange.phase {
        case .receiving:
            exchange.phase = .receiving(intent)
            self.exchange = exchange
            // A body that is too long is refused unsent.
            if case .post(_, _, let length?) = intent, length > self.server.configuration.maxPayload { break }
            self.inviteBody(context)
        case .waiting:
            // The request was whole before the session's loop had looked at it.
            self.exchange = exchange
        case .discarding, .upgrading:
            return
        }
        if case .post(let connection, let id, let contentLength) = intent {
            let sink = self.sink(exchange.number, context)
            let isBinary = exchange.head.headers.first(name: "content-type") == "application/octet-stream"
            connection.run {
                connection.postBegan(id, contentLength: contentLength, isBinary: isBinary, sink: sink)
            }
        }
        if case .waiting = exchange.phase {
            self.requestIsWhole(intent, context: context)
        }
    }

    /// A request broke a rule of HTTP: answers it, at its end or, where a body is to come, at once.
    func refuse(_ head: HTTPRequestHead, _ refusal: RequestRules.Refusal, number: UInt64) {
        self.exchange = Exchange(
            number: number,
            head: head,
            corsHeaders: [],
            phase: .receiving(.undecided),
            isMalformed: true,
            awaitsContinue: WebSocketHandshake.announcesBody(head)
        )
        self.answerAtEnd(number, refusal.response)
    }

    /// More of the body came.
    func receive(_ bytes: ByteBuffer, intent: Exchange.Intent, context: ChannelHandlerContext) {
        // It comes by itself; nobody waits to be asked for it.
        self.exchange?.awaitsContinue = false
        guard let exchange = self.exchange, !exchange.isOverflowing else { return }
        if case .answer(let response, let headers) = intent {
            return self.respond(exchange.number, response, headers: headers)
        }
        let limit = self.server.configuration.maxPayload
        guard bytes.readableBytes <= limit - exchange.body.count else {
            self.exchange?.isOverflowing = true
            self.exchange?.body = []
            if case .post(let connection, let id, _) = intent {
                connection.run { connection.postOverflowed(id) }
            } else {
                self.respond(exchange.number, .payloadTooLarge)
            }
            return
        }
        // The intent may still be undecided; only a POST's body is of use then or later.
        if exchange.head.method == .POST {
            self.exchange?.body.append(contentsOf: bytes.readableBytesView)
        }
    }

    /// The request is whole: hand it over.
    func requestIsWhole(_ intent: Exchange.Intent, context: ChannelHandlerContext) {
        guard let exchange = self.exchange, !exchange.isOverflowing else { return }
        switch intent {
        case .undecided:
            break
        case .answer(let response, let headers):
            self.respond(exchange.number, response, headers: headers)
        case .get(let connection?):
            let id = self.server.makeTransportID()
            self.exchange?.owner = (connection, id)
            let sink = self.sink(exchange.number, context)
            connection.run { connection.pollingGet(id, sink: sink) }
        case .get(nil):
            self.openPollingSession(exchange, context: context)
        case .post(let connection, let id, _):
            let body = exchange.body
            self.exchange?.body = []
            connection.run { connection.postEnded(id, body: body) }
        case .upgrade(let connection, let key):
            self.upgrade(exchange, connection: connection, key: key, context: context)
        }
    }

    private func openPollingSession(_ exchange: Exchange, context: ChannelHandlerContext) {
        let info = self.connectionInfo(exchange.head, transport: .polling, context: context)
        if let refusal = self.server.refusal(of: info.address) {
            return self.respond(exchange.number, refusal.response, headers: refusal.headers)
        }
        let id = self.server.makeTransportID()
        let connection = EngineConnection(
            server: self.server,
            eventLoop: context.eventLoop,
            info: info,
            opening: .polling(id, self.sink(exchange.number, context))
        )
        self.exchange?.owner = (connection, id)
        connection.open()
    }

    /// Where the answer to the exchange goes.
    private func sink(_ number: UInt64, _ context: ChannelHandlerContext) -> ResponseSink {
        ResponseSink(gate: self, number: number, eventLoop: context.eventLoop)
    }

    /// What a new connection keeps of its first request.
    func connectionInfo(
        _ head: HTTPRequestHead,
        transport: EngineTransport,
        context: ChannelHandlerContext
    ) -> ConnectionInfo {
        let forwarded = self.server.configuration.forwardedAddressHeader
            .flatMap { head.headers[canonicalForm: $0].last.map(String.init) }
        let request = EngineRequest(method: .get, query: RequestTarget.query(of: head.uri))
        return ConnectionInfo(
            // A copy without the room that the decoder made for more.
            headers: HTTPHeaders(head.headers.map { $0 }),
            query: Dictionary(request.parameters.map { ($0.name, $0.value) }) { _, last in last },
            address: forwarded ?? context.remoteAddress?.ipAddress ?? "",
            isSecure: self.isSecure,
            transport: transport
        )
    }

    // MARK: CORS

    private func corsHeaders(origin: String?) -> [(String, String)] {
        if self.server.origins.allowsAny { return [("access-control-allow-origin", "*")] }
        guard let origin else { return [("vary", "Origin")] }
        var headers = [("access-control-allow-origin", origin), ("vary", "Origin")]
        if self.server.origins.allowsCredentials { headers.append(("access-control-allow-credentials", "true")) }
        return headers
    }

    private func answerPreflight(_ head: HTTPRequestHead, number: UInt64) {
        var headers = [
            ("access-control-allow-methods", "GET,POST"),
            ("access-control-max-age", "600"),
        ]
        // What stock clients send along (`extraHeaders`) is unknown; the origin decides, not the header names.
        if let requested = head.headers.first(name: "access-control-request-headers") {
            headers.append(("access-control-allow-headers", requested))
        }
        self.answerAtEnd(number, EngineResponse(status: 204, contentType: .plainText, body: []), headers: headers)
    }
}
