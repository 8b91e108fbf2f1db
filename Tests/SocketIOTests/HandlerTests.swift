import NIOCore
import SocketIO
import SocketIOProtocol
import Testing

@Suite("Handlers of events")
struct HandlerTests {
    struct Say: EventPayload, Codable, Equatable {
        var room: String
        var text: String
        var priority: Int?

        static let refusesUnknownFields = true

        func validate(_ check: inout FieldChecks) {
            check("room", self.room, .length(1...8))
            check("text", self.text, .notBlank, .length(...10))
            check("priority", self.priority, .range(0...9))
        }
    }

    struct Failure: Error {}

    @Test("Arguments are the application's types, and the value is the ack")
    func typed() async throws {
        try await withServer(setUp: { server in
            server.of("/").onConnection { socket in
                socket.on("say") { (message: Say) in message }
                socket.on("add") { (left: Int, right: Int?) in left + (right ?? 100) }
                socket.on("bytes") { (bytes: [UInt8], name: String) -> [UInt8] in bytes.reversed() + Array(name.utf8) }
                socket.on("nothing") { socket.emit("heard") }
                socket.on("late") { (seconds: Double) async throws -> String in
                    try await Task.sleep(for: .seconds(seconds))
                    return "slept"
                }
                socket.on("raw") { args, ack in ack.send(args.reversed()) }
                socket.on("raw-late") { args, ack async throws in
                    await Task.yield()
                    ack.send(args)
                }
            }
        }) { harness in
            let client = try await harness.socket()
            let cases = [
                (#"["say",{"room":"a","text":"hi"}]"#, #"[{"room":"a","text":"hi"}]"#),
                (#"["add",1]"#, "[101]"), (#"["add",1,2,"more"]"#, "[3]"), (#"["add",1,null]"#, "[101]"),
                (#"["late",0.01]"#, #"["slept"]"#), (#"["raw",1,2]"#, "[2,1]"), (#"["raw-late",1,2]"#, "[1,2]"),
            ]
            for (index, (event, answer)) in cases.enumerated() {
                try await client.sendText("42\(index)\(event)")
                #expect(try await client.receiveText() == "43\(index)\(answer)")
            }
            try await client.sendText(#"429["nothing"]"#)
            #expect(try await client.receiveText() == #"42["heard"]"#)
            #expect(try await client.receiveText() == "439[]")
            try await client.sendText(#"451-8["bytes",{"_placeholder":true,"num":0},"é"]"#)
            try await client.sendBinary([1, 2])
            #expect(try await client.receiveText() == #"461-8[{"_placeholder":true,"num":0}]"#)
            #expect(try await client.receiveFrame().payload == [2, 1, 0xC3, 0xA9])
        }
    }

    @Test("A payload that does not fit is refused with every field, and thrown errors are the ack")
    func refusals() async throws {
        try await withServer(setUp: { server in
            server.of("/").onConnection { socket in
                socket.on("say") { (message: Say) in message }
                socket.on("add") { (left: Int, right: Int) in left + right }
                socket.on("forbidden") { () throws -> Int in
                    throw EventError(code: "FORBIDDEN", message: "not yours")
                }
                socket.on("broken") { () async throws -> Void in throw Failure() }
            }
        }) { harness in
            let client = try await harness.socket()
            func fields(_ event: String) async throws -> [String] {
                try await client.sendText("421" + event)
                let answer = try JSON.parse(try await client.receiveText().utf8.dropFirst(3))[0]
                #expect(answer?["ok"] == false)
                #expect(answer?["error"]?["code"] == "INVALID_PAYLOAD")
                #expect(answer?["error"]?["retryable"] == false)
                return (answer?["error"]?["fields"]?.arrayValue ?? []).map {
                    "\($0["path"]?.stringValue ?? "") \($0["code"]?.stringValue ?? "")"
                }
            }
            #expect(
                try await fields(#"["say",{"room":"far too long","text":" ","priority":10,"extra":1,"más":2}]"#)
                    == ["extra UNKNOWN", "más UNKNOWN", "room LENGTH", "text EMPTY", "priority RANGE"]
            )
            #expect(try await fields(#"["say",{"room":"a"}]"#) == ["text REQUIRED"])
            #expect(try await fields(#"["say",{"room":1,"text":"x"}]"#) == ["room TYPE"])
            #expect(try await fields(#"["say",[]]"#) == [" TYPE"])
            #expect(try await fields(#"["say"]"#) == [" REQUIRED"])
            #expect(try await fields(#"["add",1]"#) == ["1 REQUIRED"])
            #expect(try await fields(#"["add",1,1.5]"#) == ["1 TYPE"])
            try await client.sendText(#"422["forbidden"]"#)
            #expect(
                try await client.receiveText()
                    == #"432[{"ok":false,"error":{"code":"FORBIDDEN","message":"not yours","retryable":false}}]"#
            )
            try await client.sendText(#"423["broken"]"#)
            let answer = try await client.receiveText()
            #expect(answer.contains(#""code":"INTERNAL""#) && !answer.contains("Failure"))
            // Nobody asked for an ack: an event says it.
            try await client.sendText(#"42["forbidden"]"#)
            let exception = #"42["exception",{"ok":false,"error":{"code":"FORBIDDEN""#
            #expect(try await client.receiveText().hasPrefix(exception))
        }
    }

    @Test("Payloads decode whatever nests, and are refused with bounded answers")
    func payloads() throws {
        struct Deep: EventPayload, Codable, Equatable {
            var says: [Say] = []
            var byName: [String: Say]?
            var anything: JSON?
            var small: UInt8?
            var bytes: [UInt8]?
            var when: Double?
        }
        func errors(_ text: String) throws -> [String] {
            let payload = try JSON.parse(Array(text.utf8))
            let error = #expect(throws: EventError.self) { try payload.decode(Deep.self) }
            return error?.fields.map { "\($0.path) \($0.code)" } ?? []
        }
        let json = try JSON.parse(
            #"{"says":[{"room":"a","text":"b"}],"byName":{"x":{"room":"a","text":"b","priority":1}},"anything":[1,{"a":null}]}"#
                .utf8
        )
        let value = try json.decode(Deep.self)
        #expect(value.byName?["x"] == Say(room: "a", text: "b", priority: 1))
        #expect(value.anything == [1, ["a": nil]])
        #expect(try JSON(encoding: value) == json)
        #expect(try JSON(encoding: Deep(bytes: [1])) == ["says": [], "bytes": .binary([1])])
        #expect(
            try errors(#"{"says":[{"room":"a","text":"b"},{"room":"","text":"b","x":1}]}"#) == [
                "says[1].x UNKNOWN", "says[1].room LENGTH",
            ]
        )
        #expect(try errors(#"{"says":[],"small":256}"#) == ["small RANGE"])
        #expect(try errors(#"{"says":[],"small":-1}"#) == ["small RANGE"])
        #expect(try errors(#"{"says":[],"small":"1"}"#) == ["small TYPE"])
        #expect(try JSON.parse(Array(#"{"says":[],"bytes":[1,2]}"#.utf8)).decode(Deep.self).bytes == [1, 2])
        #expect(try errors(#"{"says":[],"bytes":"AQ=="}"#) == ["bytes TYPE"])
        #expect(try errors(#"{"says":{}}"#) == ["says TYPE"])
        #expect(try errors("{}") == ["says REQUIRED"])
        let many = Array(repeating: #"{"room":"","text":""}"#, count: 10_000).joined(separator: ",")
        #expect(try errors(#"{"says":[\#(many)]}"#).count == 32)
        let long = String(repeating: "k", count: 100_000)
        let paths = try errors(#"{"says":[],"byName":{"\#(long)":{"room":"","text":"x"}}}"#)
        #expect(paths.count == 1 && paths[0].utf8.count < 100)
    }

    @Test("Events of one socket keep their order around async handlers; others are not held up")
    func order() async throws {
        let seen = Recorder<String>()
        try await withServer(
            configure: { $0.maxQueuedEvents = 10 },
            setUp: { server in
                server.of("/").onConnection { socket in
                    socket.on("slow") { (name: String) async throws -> String in
                        // Until the other client was heard.
                        while !seen.all.contains("other") { try await Task.sleep(for: .milliseconds(5)) }
                        seen.record(name)
                        return name
                    }
                    socket.on("held") { (name: String) async throws -> String in
                        while !seen.all.contains("released") { try await Task.sleep(for: .milliseconds(5)) }
                        return name
                    }
                    socket.on("fast") { (name: String) -> String in
                        seen.record(name)
                        return name
                    }
                    socket.on("ask") { () async throws -> JSON in
                        try await .array(socket.timeout(.seconds(5)).emitWithAck("question", 1))
                    }
                }
            }
        ) { harness in
            let client = try await harness.socket()
            let other = try await harness.socket()
            for (index, event) in ["slow", "fast", "slow", "fast", "fast"].enumerated() {
                try await client.sendText(#"42\#(index)["\#(event)","\#(index)"]"#)
            }
            try await other.sendText(#"421["fast","other"]"#)
            for index in 0..<5 { #expect(try await client.receiveText() == #"43\#(index)["\#(index)"]"#) }
            #expect(seen.all.filter { $0 != "other" } == ["0", "1", "2", "3", "4"])
            #expect(seen.all.first == "other")

            // An answer is not an event: it does not wait for the handler that waits for it.
            try await client.sendText(#"421["ask"]"#)
            #expect(try await client.receiveText() == #"420["question",1]"#)
            try await client.sendText(#"430["answer"]"#)
            #expect(try await client.receiveText() == #"431[["answer"]]"#)

            // More than may wait are refused.
            for index in 0..<13 { try await client.sendText(#"42\#(index)["held","\#(index)"]"#) }
            #expect(try await client.receiveText().hasPrefix(#"4311[{"ok":false,"error":{"code":"BUSY""#))
            #expect(try await client.receiveText().hasPrefix(#"4312[{"ok":false,"error":{"code":"BUSY""#))
            seen.record("released")
            for index in 0..<11 { #expect(try await client.receiveText() == #"43\#(index)["\#(index)"]"#) }
        }
    }

    @Test("What came before the end is still handled, and nobody hears of it")
    func handledAfterTheEnd() async throws {
        let seen = Recorder<String>()
        try await withServer(setUp: { server in
            server.of("/").onConnection { socket in
                socket.on("slow") { (name: String) async throws -> String in
                    // However long the rest takes to come.
                    while !seen.all.contains("gone") { try await Task.sleep(for: .milliseconds(5)) }
                    seen.record(name)
                    return name
                }
                socket.onDisconnect { _ in seen.record("gone") }
            }
        }) { harness in
            let client = try await harness.socket()
            for name in ["a", "b", "c"] { try await client.sendText(#"421["slow","\#(name)"]"#) }
            try await client.sendText("41")
            try await eventually("all were handled") { seen.all == ["gone", "a", "b", "c"] }
        }
    }

    @Test("An event has a rate of its own, of its socket or its namespace")
    func rates() async throws {
        try await withServer(setUp: { server in
            let namespace = server.of("/")
            namespace.limit("rare", to: RateLimit(perSecond: 0.01, burst: 2))
            namespace.onConnection { socket in
                socket.limit("rarer", to: RateLimit(perSecond: 0.01, burst: 1))
                for event in ["rare", "rarer", "free"] { socket.on(event) { 1 } }
            }
        }) { harness in
            let client = try await harness.socket()
            let refusal = #"[{"ok":false,"error":{"code":"RATE_LIMITED","message":"#
            for (event, answer) in [
                ("rare", "[1]"), ("rare", "[1]"), ("rare", refusal), ("rarer", "[1]"), ("rarer", refusal),
                ("free", "[1]"),
            ] {
                try await client.sendText(#"421["\#(event)"]"#)
                #expect(try await client.receiveText().hasPrefix("431" + answer))
            }
            let other = try await harness.socket()
            try await other.sendText(#"421["rarer"]"#)
            #expect(try await other.receiveText() == "431[1]")
        }
    }

    @Test("Observers see everything, the unhandled go to one place, and the end comes in two steps")
    func observers() async throws {
        let seen = Recorder<String>()
        try await withServer(setUp: { server in
            server.of("/").onConnection { socket in
                socket.join("a", "b")
                socket.onAny { event, args in seen.record("any \(event) \(args.count)") }
                socket.on("known") { seen.record("known") }
                socket.on("forgotten") { seen.record("never") }
                socket.off("forgotten")
                socket.onUnhandled { event, _, _ in seen.record("unhandled \(event)") }
                socket.onDisconnecting { reason in seen.record("disconnecting \(reason) \(socket.rooms.sorted())") }
                socket.onDisconnect { reason in seen.record("disconnect \(reason) \(socket.rooms.sorted())") }
            }
        }) { harness in
            let client = try await harness.socket()
            try await client.sendText(#"42["known",1]"#)
            try await client.sendText(#"42["forgotten"]"#)
            try await client.sendText("41")
            try await eventually("the end") { seen.all.count == 6 }
            #expect(
                seen.all == [
                    "any known 1", "known", "any forgotten 0", "unhandled forgotten",
                    #"disconnecting client namespace disconnect ["a", "b"]"#,
                    "disconnect client namespace disconnect []",
                ]
            )
        }
    }

    @Test("An event that is refused unheard is answered all the same, as an exception where no ack was asked for")
    func refusedUnheard() async throws {
        let gate = AsyncStream<Void>.makeStream()
        try await withServer(
            configure: { $0.maxQueuedEvents = 0 },
            setUp: { server in
                server.of("/").limit("rare", to: RateLimit(perSecond: 0.001, burst: 1))
                server.of("/").onConnection { socket in
                    socket.on("rare") { "once" }
                    socket.on("slow") { () async in
                        for await _ in gate.stream { break }
                        return "done"
                    }
                }
            }
        ) { harness in
            let client = try await harness.socket()
            try await client.sendText(#"421["rare"]"#)
            #expect(try await client.receiveText() == #"431["once"]"#)
            for (event, code) in [("rare", "RATE_LIMITED"), ("any", "BUSY")] {
                if code == "BUSY" { try await client.sendText(#"429["slow"]"#) }
                try await client.sendText(#"42["\#(event)"]"#)
                let exception = #"42["exception",{"ok":false,"error":{"code":"\#(code)""#
                #expect(try await client.receiveText().hasPrefix(exception))
                try await client.sendText(#"422["\#(event)"]"#)
                #expect(try await client.receiveText().hasPrefix(#"432[{"ok":false,"error":{"code":"\#(code)""#))
            }
            gate.continuation.yield()
            #expect(try await client.receiveText() == #"439["done"]"#)
        }
    }

    @Test("Values of the application are sent as JSON, bytes as attachments")
    func sendingValues() async throws {
        struct Picture: Codable {
            var name: String
            var bytes: [UInt8]
            var tags: [String: Int?]
        }
        try await withServer(setUp: { server in
            server.of("/").onConnection { socket in
                let picture = Picture(name: "p", bytes: [7], tags: ["a": 1])
                try? socket.emit("picture", picture, Optional<Int>.none, [1.5, 2])
                socket.emit("literal", ["b": 1, "a": "x"], 1, "s", nil)
            }
        }) { harness in
            let client = try await harness.socket()
            let bytes = #"{"_placeholder":true,"num":0}"#
            #expect(
                try await client.receiveText()
                    == #"451-["picture",{"name":"p","bytes":\#(bytes),"tags":{"a":1}},null,[1.5,2.0]]"#
            )
            #expect(try await client.receiveFrame().payload == [7])
            #expect(try await client.receiveText() == #"42["literal",{"b":1,"a":"x"},1,"s",null]"#)
        }
    }
}
