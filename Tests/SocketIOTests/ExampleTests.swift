import NIOCore
import SocketIO
import SocketIOProtocol
import Testing

/// The example of `Sources/SocketIO/README.md`, as it stands there.
enum Chat {
    struct User: Codable, Sendable {
        var id: String
        var name: String
    }

    enum UserKey: SocketDataKey { typealias Value = User }

    struct Message: EventPayload, Codable {
        var room: String
        var text: String

        static let refusesUnknownFields = true

        func validate(_ check: inout FieldChecks) {
            check("room", self.room, .length(1...64))
            check("text", self.text, .notBlank, .length(...2000))
        }
    }

    struct Said: Codable {
        var from: User
        var text: String
    }

    static func install(on server: SocketIOServer) {
        let chat = server.of("/chat")

        chat.use { socket, handshake async throws(ConnectError) in
            guard let name = handshake.auth["name"]?.stringValue, !name.isEmpty else {
                throw ConnectError(message: "who are you?", data: ["code": "UNAUTHENTICATED"])
            }
            socket[UserKey.self] = User(id: socket.id, name: name)
        }
        chat.limit("say", to: RateLimit(perSecond: 2, burst: 5))

        chat.onConnection { socket in
            guard let user = socket[UserKey.self] else { return socket.disconnect() }

            socket.on("join") { (room: String) in
                socket.join(room)
                try socket.to(room).emit("joined", user)
                return ["ok": true]
            }
            socket.on("say") { (message: Message) in
                guard socket.rooms.contains(message.room) else {
                    throw EventError(code: "NOT_JOINED", message: "join the room first")
                }
                try chat.to(message.room).emit("said", Said(from: user, text: message.text))
                return ["ok": true]
            }
            socket.on("members") { (room: String) async in
                await chat.to(room).fetchSockets().map(\.id).sorted()
            }
            socket.onDisconnecting { _ in
                for room in socket.rooms { try? socket.to(room).emit("left", user) }
            }
        }
    }
}

@Suite("The example of the README")
struct ExampleTests {
    @Test("Two people talk")
    func chat() async throws {
        try await withServer(setUp: Chat.install) { harness in
            let nobody = try await harness.webSocket()
            try await nobody.sendText("40/chat,")
            let refusal = #"44/chat,{"message":"who are you?","data":{"code":"UNAUTHENTICATED"}}"#
            #expect(try await nobody.receiveText() == refusal)
            let ada = try await harness.socket("/chat", auth: #"{"name":"Ada"}"#)
            let grace = try await harness.socket("/chat", auth: #"{"name":"Grace"}"#)
            try await ada.sendText(#"42/chat,1["say",{"room":"r","text":"hello?"}]"#)
            #expect(try await ada.receiveText().contains("NOT_JOINED"))
            for client in [ada, grace] {
                try await client.sendText(#"42/chat,1["join","r"]"#)
                #expect(try await client.receiveText() == #"43/chat,1[{"ok":true}]"#)
            }
            #expect(try await ada.receiveText().hasPrefix(#"42/chat,["joined",{"id":""#))
            try await grace.sendText(#"42/chat,2["say",{"room":"r","text":"hello"}]"#)
            #expect(try await ada.receiveText().hasSuffix(#""name":"Grace"},"text":"hello"}]"#))
            #expect(try await grace.receiveText().hasSuffix(#""name":"Grace"},"text":"hello"}]"#))
            #expect(try await grace.receiveText() == #"43/chat,2[{"ok":true}]"#)
            try await ada.sendText(#"42/chat,3["members","r"]"#)
            #expect(try await ada.receiveText().hasPrefix(#"43/chat,3[[""#))
            try await grace.close()
            #expect(try await ada.receiveText().hasPrefix(#"42/chat,["left",{"id":""#))
        }
    }
}
