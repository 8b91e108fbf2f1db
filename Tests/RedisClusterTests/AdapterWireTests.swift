import RedisWire
import SocketIO
import SocketIOProtocol
import Testing

@testable import RedisCluster

@Suite("The wire of the Redis adapter")
struct AdapterWireTests {
    private let wire = AdapterWire(prefix: "socket.io", usesSpecificResponseChannels: false)

    private func message(_ request: ClusterRequest, id: String? = nil) -> ClusterMessage {
        ClusterMessage(sender: "k3Jh2_", namespace: "/chat", requestID: id, request: request)
    }

    private func text(_ publication: AdapterWire.Publication?) -> String? {
        publication.map { String(decoding: $0.payload, as: UTF8.self) }
    }

    @Test("A broadcast has the original's channel and bytes")
    func broadcast() {
        let few = SocketSelection(rooms: ["a", "b"], except: ["x"], isVolatile: true)
        let all = self.wire.publication(of: self.message(.broadcast(event: ["news", 1], to: few)))
        #expect(all.channel == "socket.io#/chat#")
        // Python: msgpack.packb(["k3Jh2_", {"type": 2, "data": ["news", 1], "nsp": "/chat"}, {"rooms": ["a", "b"], …}])
        #expect(
            hex(all.payload)
                == "93a66b334a68325f83a47479706502a46461746192a46e65777301a36e7370a52f6368617483a5726f6f6d7392a161a162"
                + "a665786365707491a178a5666c61677381a8766f6c6174696c65c3"
        )
        let one = self.wire.publication(of: self.message(.broadcast(event: ["n"], to: .init(rooms: ["a#b"]))))
        #expect(one.channel == "socket.io#/chat#a#b#")
        let topics = self.wire.channels(of: "/chat").topics(node: "me")
        #expect(
            topics == [
                .pattern("socket.io#/chat#*"), .channel("socket.io-request#/chat#"),
                .channel("socket.io-response#/chat#"),
                .channel("socket.io-response#/chat#me#"),
            ]
        )
    }

    @Test("Requests and responses are the original's JSON")
    func objects() {
        let selection = SocketSelection(rooms: ["a"], except: ["b"])
        let options = #""opts":{"rooms":["a"],"except":["b"],"flags":{}}"#
        let head = #"{"uid":"k3Jh2_","type""#
        let asking = #"{"uid":"k3Jh2_","requestId":"q1","type""#
        let requests: [(ClusterMessage, String)] = [
            (self.message(.join(selection, rooms: ["r"])), #"\#(head):2,\#(options),"rooms":["r"]}"#),
            (self.message(.leave(selection, rooms: ["r"])), #"\#(head):3,\#(options),"rooms":["r"]}"#),
            (self.message(.disconnect(selection, close: true)), #"\#(head):4,\#(options),"close":true}"#),
            (self.message(.fetchSockets(selection), id: "q1"), #"\#(asking):5,\#(options)}"#),
            (self.message(.socketIDs(selection), id: "q1"), #"\#(asking):0,"rooms":["a"]}"#),
            (self.message(.allRooms, id: "q1"), #"\#(asking):1}"#),
            (self.message(.serverSideEmit(event: ["e", 1])), #"\#(head):6,"data":["e",1]}"#),
        ]
        for (message, text) in requests {
            let publication = self.wire.publication(of: message)
            #expect(publication.channel == "socket.io-request#/chat#" && self.text(publication) == text)
        }
        let asked = self.message(.allRooms, id: "q1")
        let socket = SocketDescription(id: "s1", rooms: ["r"], auth: ["t": 1], data: nil)
        let responses: [(ClusterResponse, String)] = [
            (.socketCount(3), #"{"type":8,"requestId":"q1","clientCount":3}"#),
            (
                .sockets([socket]),
                #"{"requestId":"q1","sockets":[{"id":"s1","handshake":{"auth":{"t":1}},"rooms":["s1","r"],"data":null}]}"#
            ),
            (.socketIDs(["s1"]), #"{"requestId":"q1","sockets":["s1"]}"#),
            (.rooms(["r"]), #"{"requestId":"q1","rooms":["r"]}"#),
            (.serverSide("yes"), #"{"type":6,"requestId":"q1","data":"yes"}"#),
            (.done, #"{"requestId":"q1"}"#),
        ]
        for (response, text) in responses {
            let publication = self.wire.publication(of: response, to: asked)
            #expect(publication?.channel == "socket.io-response#/chat#" && self.text(publication) == text)
            #expect(self.wire.publication(of: response, to: self.message(.allRooms)) == nil, "nobody waits")
        }
        let specific = AdapterWire(prefix: "p", usesSpecificResponseChannels: true)
        #expect(specific.publication(of: .done, to: asked)?.channel == "p-response#/chat#k3Jh2_#")
        // In the original always on the channel of all.
        #expect(specific.publication(of: .serverSide(1), to: asked)?.channel == "p-response#/chat#")
    }

    @Test("What we write we read, bytes included")
    func roundTrip() throws {
        let selection = SocketSelection(rooms: ["a", "é"], except: ["b"])
        let requests: [ClusterRequest] = [
            .broadcastWithAck(event: ["q", .binary([1, 255])], to: selection, timeoutMilliseconds: 1234),
            .join(selection, rooms: ["x", "y"]), .leave(selection, rooms: []), .disconnect(selection, close: true),
            .disconnect(selection, close: false), .fetchSockets(selection), .socketIDs(SocketSelection(rooms: ["a"])),
            .allRooms, .serverSideEmit(event: ["e", .binary([7]), ["deep": .binary([])]]),
        ]
        for request in requests {
            let message = self.message(request, id: "q1")
            let payload = self.wire.publication(of: message).payload
            #expect(AdapterWire.request(payload, namespace: "/chat", limits: .default) == message)
        }
        let broadcast = self.message(
            .broadcast(
                event: ["news", .binary([0]), nil, 1.5],
                to: .init(rooms: ["a"], except: ["b"], isVolatile: true)
            )
        )
        let payload = self.wire.publication(of: broadcast).payload
        #expect(AdapterWire.broadcast(payload, namespace: "/chat", limits: .default) == broadcast)
        #expect(AdapterWire.broadcast(payload, namespace: "/", limits: .default) == nil)
        let responses: [ClusterResponse] = [
            .socketCount(0), .ack([]), .ack([1]), .ack([1, .binary([2]), "c"]), .ack([.binary([])]), .rooms(["a"]),
            .sockets([.init(id: "s", rooms: ["r"], auth: ["token": "t"], data: .binary([1]))]), .socketIDs(["a", "b"]),
            .serverSide(nil), .serverSide(.binary([3])), .done,
        ]
        for response in responses {
            let payload = try #require(self.wire.publication(of: response, to: self.message(.allRooms, id: "q1")))
                .payload
            let (read, id) = try #require(AdapterWire.response(payload, limits: .default))
            // An ack without argument is one with null, as in the original.
            #expect(read == (response == .ack([]) ? .ack([nil]) : response) && id == "q1")
        }
    }

    @Test("What emitters and old adapters leave out is filled in")
    func lenient() throws {
        func request(_ json: String) -> ClusterMessage? {
            AdapterWire.request(Array(json.utf8), namespace: "/chat", limits: .default)
        }
        let joined = try #require(request(#"{"type":2,"opts":{"rooms":[1,"a"]},"rooms":["r",7]}"#))
        #expect(joined.sender == "" && joined.requestID == nil)
        #expect(joined.request == .join(SocketSelection(rooms: ["1", "a"]), rooms: ["r", "7"]))
        #expect(request(#"{"type":3,"sid":"s","room":"r"}"#)?.request == .leave(.init(rooms: ["s"]), rooms: ["r"]))
        #expect(request(#"{"type":4,"sid":"s"}"#)?.request == .disconnect(.init(rooms: ["s"]), close: false))
        let bare = MessagePack.encode(["emitter", ["type": 2, "data": ["e"]]])
        #expect(
            AdapterWire.broadcast(bare, namespace: "/", limits: .default)?.request
                == .broadcast(event: ["e"], to: SocketSelection())
        )
        #expect(AdapterWire.broadcast(bare, namespace: "/chat", limits: .default) == nil, "without one, / is meant")
        let asked = MessagePack.encode(["type": 7, "packet": ["type": 2, "data": ["e"], "nsp": "/chat"], "opts": [:]])
        #expect(
            AdapterWire.request(asked, namespace: "/chat", limits: .default)?.request
                == .broadcastWithAck(event: ["e"], to: SocketSelection(), timeoutMilliseconds: 5000)
        )
    }

    @Test(
        "A wrong type anywhere is no message, and never everybody",
        arguments: [
            "{}", "[]", "5", #"{"type":2}"#, #"{"type":2,"opts":[],"rooms":["r"]}"#,
            #"{"type":2,"opts":{"rooms":"a"},"rooms":["r"]}"#,
            #"{"type":2,"opts":{"rooms":[null]},"rooms":["r"]}"#, #"{"type":2,"opts":{},"rooms":"r"}"#,
            #"{"type":3,"sid":5,"room":"r"}"#,
            #"{"type":4}"#, #"{"type":4,"opts":{"except":{}}}"#, #"{"type":5,"opts":null}"#, #"{"type":6,"data":[]}"#,
            #"{"type":6,"data":[5]}"#, #"{"type":7,"opts":{},"packet":{"type":2,"data":["disconnect"],"nsp":"/chat"}}"#,
            #"{"type":8,"requestId":"x"}"#, #"{"type":"5"}"#, #"{"type":5,"requestId":[]}"#, #"{"type":-1}"#,
            #"{"type":10}"#,
            #"{"type":0,"rooms":{}}"#,
        ]
    )
    func wrong(json: String) {
        #expect(AdapterWire.request(Array(json.utf8), namespace: "/chat", limits: .default) == nil)
    }

    @Test("Python's manager is understood as far as it says what clients see")
    func python() throws {
        func read(_ json: String) -> ClusterRequest? { PythonWire.message(Array(json.utf8), limits: .default)?.request }
        let emit =
            #"{"method":"emit","event":"news","data":[{"n":1}],"binary":false,"namespace":"/chat","room":null,"skip_sid":null,"callback":null,"host_id":"h"}"#
        let message = try #require(PythonWire.message(Array(emit.utf8), limits: .default))
        #expect(message.namespace == "/chat" && message.sender == "python:h" && message.requestID == nil)
        #expect(message.request == .broadcast(event: ["news", ["n": 1]], to: SocketSelection()))
        #expect(
            read(#"{"method":"emit","event":"e","data":[1,2],"room":["a","b"],"skip_sid":"s"}"#)
                == .broadcast(event: ["e", 1, 2], to: .init(rooms: ["a", "b"], except: ["s"]))
        )
        #expect(read(#"{"method":"emit","event":"e","data":[null]}"#) == .broadcast(event: ["e"], to: .init()))
        let binary =
            #"{"method":"emit","event":"e","data":[[{"b":{"_placeholder":true,"num":0}}],"AAE="],"binary":true}"#
        #expect(read(binary) == .broadcast(event: ["e", ["b": .binary([0, 1])]], to: .init()))
        #expect(read(#"{"method":"disconnect","sid":"s"}"#) == .disconnect(.init(rooms: ["s"]), close: false))
        #expect(read(#"{"method":"enter_room","sid":"s","room":"r"}"#) == .join(.init(rooms: ["s"]), rooms: ["r"]))
        #expect(read(#"{"method":"leave_room","sid":"s","room":"r"}"#) == .leave(.init(rooms: ["s"]), rooms: ["r"]))
        #expect(read(#"{"method":"close_room","room":"r"}"#) == .leave(.init(rooms: ["r"]), rooms: ["r"]))
        for nothing in [
            "", "{}", #"{"method":"callback","host_id":"h"}"#, #"{"method":"emit","event":"disconnect","data":[]}"#,
            #"{"method":"emit","event":"e","data":1}"#, #"{"method":"emit","event":"e","data":[],"room":[]}"#,
            #"{"method":"emit","event":"e","data":[],"room":[1]}"#, #"{"method":"disconnect"}"#,
            #"{"method":"close_room"}"#,
            #"{"method":"emit","event":"e","data":[[{"_placeholder":true,"num":1}],"AAE="],"binary":true}"#,
            #"{"method":"emit","event":"e","data":[[],"?"],"binary":true}"#,
        ] {
            #expect(read(nothing) == nil, "\(nothing)")
        }
    }
}
