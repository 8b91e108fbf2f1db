import CRDT
import Collaboration
import NIOCore
import SocketIO
import SocketIOProtocol
import TestSupport
import Testing

@testable import QuireServer

@Suite("Connections and rooms")
struct DocsConnectionTests {
    private func insert(_ text: String, at offset: Int = 0, rev: Int) -> JSON {
        ["rev": .int(rev), "ops": [["text": "body", "at": .int(offset), "insert": .string(text)]]]
    }

    @Test("Two clients on different loops edit one document", arguments: [1, 3])
    func twoClients(loops: Int) async throws {
        try await withRooms(store: MemoryStore(), loops: loops) { hosts, group async throws in
            let loop = Array(group.makeIterator())
            for name in ["a", "b", "c", "d", "e"] {
                let first = FakeClient("1", loop: loop[0], hosts: hosts)
                let second = FakeClient("2", loop: loop[loops - 1], hosts: hosts)
                let document = JSON.string(name)
                #expect(try await first.request("join", ["doc": document, "format": "json"])["ok"] == true)
                #expect(try await second.request("join", ["doc": document])["members"]?.arrayValue?.count == 2)
                #expect(try await first.request("edit", document, insert("one", rev: 0))["rev"] == 1)
                let other = try await second.request("sync", ["doc": document, "version": .binary(Version().encoded)])
                #expect(other["rev"] == 1)
                #expect(other["changes"]?.bytesValue != nil || other["snapshot"]?.bytesValue != nil)
                #expect(try await second.socket.packetCount() >= 1)
            }
        }
    }

    @Test("What was not joined, was left or is unknown is NOT_JOINED")
    func notJoined() async throws {
        try await withRooms(store: MemoryStore()) { hosts, group async throws in
            let client = FakeClient("1", loop: group.any(), hosts: hosts)
            #expect(try await client.refusal("edit", "d", insert("x", rev: 0)) == "NOT_JOINED")
            #expect(try await client.refusal("change", "d", .binary([])) == "NOT_JOINED")
            #expect(try await client.refusal("presence", "d", 1) == "NOT_JOINED")
            #expect(try await client.refusal("signal", "d", 1) == "NOT_JOINED")
            #expect(try await client.refusal("leave", "d") == "NOT_JOINED")
            #expect(try await client.refusal("join", ["doc": "d"]) == nil)
            #expect(try await client.refusal("edit", "d", insert("x", rev: 0)) == nil)
            #expect(try await client.refusal("leave", "d") == nil)
            #expect(try await client.refusal("edit", "d", insert("x", rev: 1)) == "NOT_JOINED")
        }
    }

    @Test("A reader neither creates a document nor changes one")
    func reader() async throws {
        let store = MemoryStore()
        try await withRooms(store: store) { hosts, group async throws in
            let reader = FakeClient("r", loop: group.any(), hosts: hosts, grants: DocumentGrants(everything: .read))
            let writer = FakeClient("w", loop: group.any(), hosts: hosts)
            #expect(try await reader.refusal("join", ["doc": "d"]) == "UNKNOWN_DOCUMENT")
            #expect(try await store.list(after: nil, limit: 10).isEmpty)
            #expect(try await writer.refusal("join", ["doc": "d"]) == nil)
            let joined = try await reader.request("join", ["doc": "d", "format": "json"])
            #expect(joined["role"] == "read")
            let refusal = try await reader.request("edit", "d", insert("x", rev: 0))
            #expect(refusal["error"]?["code"] == "FORBIDDEN")
            #expect(refusal["error"]?["version"]?.bytesValue != nil)
            #expect(try await reader.refusal("presence", "d", ["cursor": 1]) == nil)
        }
    }

    @Test("Readers and writers that ask at once for a new document all get it, or the readers are refused")
    func readersAndWritersAtOnce() async throws {
        for turn in 0..<20 {
            try await withRooms(store: MemoryStore()) { hosts, group async throws in
                let reader = FakeClient("r", loop: group.any(), hosts: hosts, grants: DocumentGrants(everything: .read))
                let writer = FakeClient("w", loop: group.any(), hosts: hosts)
                let document: JSON = ["doc": .string("d\(turn)")]
                async let read = reader.refusal("join", document)
                async let written = writer.refusal("join", document)
                let (readerCode, writerCode) = try await (read, written)
                #expect(writerCode == nil)
                #expect(readerCode == nil || readerCode == "UNKNOWN_DOCUMENT")
            }
        }
    }

    @Test("Without a role for a document it stays closed")
    func noRole() async throws {
        try await withRooms(store: MemoryStore()) { hosts, group async throws in
            let grants = try #require(DocumentGrants(claim: ["mine": "write"]))
            let client = FakeClient("1", loop: group.any(), hosts: hosts, grants: grants)
            #expect(try await client.refusal("join", ["doc": "mine"]) == nil)
            #expect(try await client.refusal("join", ["doc": "yours"]) == "FORBIDDEN")
            #expect(try await client.refusal("edit", "yours", insert("x", rev: 0)) == "NOT_JOINED")
        }
    }

    @Test("A connection joins only so many documents; leaving one makes room")
    func tooManyDocuments() async throws {
        var limits = ServerLimits()
        limits.documentsPerConnection = 3
        try await withRooms(store: MemoryStore(), limits: limits) { [limits] hosts, group async throws in
            let client = FakeClient("1", loop: group.any(), hosts: hosts, limits: limits)
            for name in ["a", "b", "c"] { #expect(try await client.refusal("join", ["doc": .string(name)]) == nil) }
            #expect(try await client.refusal("join", ["doc": "d"]) == "TOO_MANY_DOCUMENTS")
            #expect(try await client.refusal("join", ["doc": "b"]) == nil, "joining again takes no more room")
            #expect(try await client.refusal("leave", "a") == nil)
            #expect(try await client.refusal("join", ["doc": "d"]) == nil)
        }
    }

    @Test("A join that fails takes no place")
    func failedJoin() async throws {
        var limits = ServerLimits()
        limits.documentsPerConnection = 1
        let store = FaultyStore(MemoryStore(), .failLoad(1))
        try await withRooms(store: store, limits: limits) { [limits] hosts, group async throws in
            let client = FakeClient("1", loop: group.any(), hosts: hosts, limits: limits)
            #expect(try await client.refusal("join", ["doc": "a"]) == "STORE_FAILED")
            #expect(try await client.refusal("edit", "a", insert("x", rev: 0)) == "NOT_JOINED")
            #expect(try await client.refusal("join", ["doc": "a"]) == nil)
        }
    }

    @Test("What is asked before the join is answered waits for it")
    func pipelining() async throws {
        try await withRooms(store: MemoryStore(), loops: 2) { hosts, group async throws in
            let client = FakeClient("1", loop: group.any(), hosts: hosts)
            let promises = (0..<3).map { _ in client.socket.eventLoop.makePromise(of: JSON.self) }
            client.socket.eventLoop.execute {
                client.connection.handle(event: "join", arguments: [["doc": "d", "format": "json"]]) {
                    promises[0].succeed($0)
                }
                client.connection.handle(event: "edit", arguments: ["d", insert("x", rev: 0)]) {
                    promises[1].succeed($0)
                }
                client.connection.handle(event: "leave", arguments: ["d"]) { promises[2].succeed($0) }
            }
            #expect(try await promises[0].futureResult.get()["ok"] == true)
            #expect(try await promises[1].futureResult.get()["rev"] == 1)
            #expect(try await promises[2].futureResult.get()["ok"] == true)
        }
    }

    @Test("When the store fails the sender is told so, everybody is put out, and joining again finds what was stored")
    func storeFails() async throws {
        let store = FaultyStore(MemoryStore(), .failAppend(2))
        try await withRooms(store: store) { hosts, group async throws in
            let client = FakeClient("1", loop: group.any(), hosts: hosts)
            let other = FakeClient("2", loop: group.any(), hosts: hosts)
            for client in [client, other] {
                #expect(try await client.refusal("join", ["doc": "d", "format": "json"]) == nil)
            }
            #expect(try await client.refusal("edit", "d", insert("kept", rev: 0)) == nil)
            #expect(try await client.refusal("edit", "d", insert("lost", rev: 1)) == "STORE_FAILED")
            #expect(try await other.refusal("edit", "d", insert("x", rev: 1)) == "NOT_JOINED")
            let joined = try await client.request("join", ["doc": "d", "format": "json"])
            #expect(joined["content"]?["body"] == "kept")
            #expect(joined["rev"] == 1)
        }
    }

    @Test("A client that does not read is held back and told to come again; the others notice nothing")
    func slowClient() async throws {
        var limits = ServerLimits()
        limits.maximumBufferedBytes = 1000
        try await withRooms(store: MemoryStore(), limits: limits) { [limits] hosts, group async throws in
            let loop = group.any()
            let slow = FakeClient("slow", loop: loop, hosts: hosts, limits: limits)
            let quick = FakeClient("quick", loop: loop, hosts: hosts, limits: limits)
            #expect(try await slow.refusal("join", ["doc": "d"]) == nil)
            #expect(try await quick.refusal("join", ["doc": "d", "format": "json"]) == nil)
            try await loop.submit { slow.socket.bufferedBytes = 1001 }.get()
            for revision in 0..<50 {
                #expect(try await quick.refusal("edit", "d", insert("x", rev: revision)) == nil)
            }
            let held = try await slow.socket.packetCount()
            #expect(held < 5, "only what came before the first look at the queue")
            #expect(try await slow.refusal("sync", ["doc": "d", "version": .binary(Version().encoded)]) == "BUSY")
            try await loop.submit {
                slow.socket.bufferedBytes = 0
                slow.connection.drained()
            }.get()
            #expect(try await slow.socket.packetCount() > held, "one change set with all it missed")
            #expect(try await slow.refusal("sync", ["doc": "d", "version": .binary(Version().encoded)]) == nil)
        }
    }

    @Test("A socket that closes while its join waits leaves nobody behind")
    func closesWhileJoining() async throws {
        try await withRooms(store: MemoryStore(), loops: 2) { hosts, group async throws in
            let client = FakeClient("1", loop: group.any(), hosts: hosts)
            let watcher = FakeClient("2", loop: group.any(), hosts: hosts)
            client.socket.eventLoop.execute {
                client.connection.handle(event: "join", arguments: [["doc": "d"]]) { _ in }
                client.connection.disconnected()
            }
            let joined = try await watcher.request("join", ["doc": "d"])
            #expect(joined["members"]?.arrayValue?.count == 1)
        }
    }

    @Test("A signal carries attachments, and counts them")
    func signals() async throws {
        try await withRooms(store: MemoryStore()) { hosts, group async throws in
            let sender = FakeClient("1", loop: group.any(), hosts: hosts)
            let receiver = FakeClient("2", loop: group.any(), hosts: hosts)
            for client in [sender, receiver] { #expect(try await client.refusal("join", ["doc": "d"]) == nil) }
            let before = try await receiver.socket.packetCount()
            #expect(try await sender.refusal("signal", "d", ["a": .binary([1, 2, 3])]) == nil)
            #expect(try await receiver.socket.packetCount() > before)
            #expect(
                try await sender.refusal("signal", "d", .binary([UInt8](repeating: 0, count: 65 << 10))) == "TOO_LARGE"
            )
        }
    }

    @Test("Members get a signal as it was sent, not its bytes")
    func signalPayload() throws {
        let payload: JSON = ["a": .binary([1, 2, 3]), "b": 1]
        let event = RoomEvent.signal([0], from: SessionID("s"), user: User(id: "u", name: "U"))
        let (name, arguments) = RoomPacket.message(event, of: try #require(DocumentID("d")), payload: payload)
        #expect(name == "signal")
        #expect(arguments == ["d", ["session": "s", "user": ["id": "u", "name": "U"]], payload])
    }

    @Test("A room that nobody is in leaves memory, and comes back as it was")
    func idle() async throws {
        var limits = ServerLimits()
        limits.idleUnloadSeconds = 0
        try await withRooms(store: MemoryStore(), limits: limits) { [limits] hosts, group async throws in
            let client = FakeClient("1", loop: group.any(), hosts: hosts, limits: limits)
            let id = try #require(DocumentID("d"))
            for turn in 0..<3 {
                #expect(try await client.refusal("join", ["doc": "d", "format": "json"]) == nil)
                #expect(try await client.refusal("edit", "d", insert("x", rev: turn)) == nil)
                #expect(try await client.refusal("leave", "d") == nil)
                let host = hosts.host(of: id)
                var isOpen = true
                for _ in 0..<200 where isOpen {
                    isOpen = try await host.loop.submit { host.openRoom(id) != nil }.get()
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(!isOpen)
            }
            let joined = try await client.request("join", ["doc": "d", "format": "json"])
            #expect(joined["content"]?["body"] == "xxx")
        }
    }

    @Test("After a shutdown everything is stored, and joins are refused")
    func shutdown() async throws {
        let store = MemoryStore()
        try await withRooms(store: store, loops: 2) { hosts, group async throws in
            let client = FakeClient("1", loop: group.any(), hosts: hosts)
            for name in ["a", "b", "c"] {
                #expect(try await client.refusal("join", ["doc": .string(name), "format": "json"]) == nil)
                #expect(try await client.refusal("edit", .string(name), insert("x", rev: 0)) == nil)
            }
            #expect(await hosts.shutDown(within: .seconds(5)))
            #expect(try await client.refusal("join", ["doc": "d"]) == "SHUTTING_DOWN")
            for name in ["a", "b", "c"] {
                let contents = store.contents(of: try #require(DocumentID(name)))
                #expect(contents.snapshots == [Revision(1)])
            }
        }
    }
}
