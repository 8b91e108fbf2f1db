import CRDT
import Foundation
import QuireClient
import SocketIOProtocol
import Synchronization
import Testing

@testable import QuireServer

/// The Swift client against a whole server, on networks that misbehave.
@Suite("The client and the server", .timeLimit(.minutes(1)))
struct ClientTests {
    /// A client that comes back quickly.
    private static func connection(_ url: String) throws -> QuireConnection {
        var configuration = ConnectionConfiguration()
        configuration.reconnectBase = .milliseconds(20)
        configuration.reconnectMaximum = .milliseconds(100)
        return try QuireConnection(url: url, configuration: configuration)
    }

    /// Waits until `condition` holds.
    private static func wait(
        _ what: Comment,
        seconds: Double = 10,
        until condition: () async -> Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while await !condition() {
            guard ContinuousClock.now < deadline else {
                Issue.record(what, sourceLocation: sourceLocation)
                throw CancellationError()
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// What a document told.
    private final class Heard: Sendable {
        private struct State {
            var text: [UInt16] = []
            var discarded: [DiscardedWork] = []
        }
        private let state = Mutex(State())

        init(text: String = "") {
            state.withLock { $0.text = Array(text.utf16) }
        }

        var text: String { state.withLock { String(decoding: $0.text, as: UTF16.self) } }
        var discarded: [DiscardedWork] { state.withLock { $0.discarded } }

        func note(_ event: DocumentEvent) {
            state.withLock { state in
                switch event {
                case .patches(let patches):
                    for case .text(let patch) in patches {
                        let end = patch.utf16Offset + patch.deleteCount
                        state.text.replaceSubrange(patch.utf16Offset..<end, with: patch.insert)
                    }
                case .discarded(let work): state.discarded.append(work)
                case .stored, .presence, .signal, .role, .state: break
                }
            }
        }
    }

    // MARK: Polling

    @Test("Where WebSockets are refused the client polls: nothing is lost, others are heard, and it comes back")
    func polls() async throws {
        try await withServer { port in
            let relay = try await Relay(to: port, refusesWebSockets: true)
            let polling = try Self.connection(relay.url)
            let direct = try Self.connection("http://127.0.0.1:\(port)")
            let ada = try await polling.open("polled")
            let grace = try await direct.open("polled")
            #expect(relay.refusedUpgrades > 0)

            // One change in a request, many in one, more than one request can hold; and characters of every length.
            for index in 0..<40 {
                try await ada.insert("ä€😀\(index)\n", at: 0)
                if index.isMultiple(of: 4) { try await ada.flush() }
            }
            try await ada.insert(String(repeating: "long 😀 ", count: 40_000), at: 0)
            try await ada.flush()
            try await grace.received(ada.version)
            try await grace.insert("Grace was here. ", at: 0)
            try await grace.insert(String(repeating: "and wrote much. ", count: 20_000), at: 0)
            try await grace.flush()
            try await ada.received(grace.version)
            #expect(await ada.text() == grace.text())

            for round in 0..<5 {
                await polling.interrupt()
                try await ada.insert("offline \(round) ", at: 0)
                try await grace.insert("meanwhile \(round) ", at: 0)
                try await ada.flush()
                try await grace.flush()
                try await ada.received(grace.version)
                try await grace.received(ada.version)
                #expect(await ada.text() == grace.text())
            }
            #expect(try await direct.fetchText(of: "polled") == ada.text())
            #expect(await polling.statistics.reconnects >= 5)
            #expect(relay.posts > 20)
            #expect(await direct.statistics.reconnects == 0)
            await polling.close()
            await direct.close()
            try await relay.close()
        }
    }

    @Test("A polling client that closes is gone at once, even with a request under way")
    func saysGoodbye() async throws {
        try await withServer { port in
            let relay = try await Relay(to: port, refusesWebSockets: true)
            let direct = try Self.connection("http://127.0.0.1:\(port)")
            let grace = try await direct.open("goodbye")
            for isBusy in [false, true] {
                let polling = try Self.connection(relay.url)
                let ada = try await polling.open("goodbye")
                try await Self.wait("Ada is not seen", until: { await grace.participants.count == 2 })
                if isBusy { try await ada.setPresence("typing") }
                await polling.close()
                try await Self.wait("Ada is still there", until: { await grace.participants.count == 1 })
            }
            await direct.close()
            try await relay.close()
        }
    }

    @Test("A polling client finds its document again on a server that was started anew")
    func pollsThroughRestarts() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "quire-polling-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let database = folder.appending(path: "quire.sqlite").path
        let relay = try await Relay(to: 1, refusesWebSockets: true)
        let connection = try Self.connection(relay.url)
        var ada: DocumentHandle?
        for round in 0..<3 {
            let before = ada
            ada = try await withServer(configure: { $0.databasePath = database }) { port in
                relay.redirect(to: port)
                let document: DocumentHandle
                if let before { document = before } else { document = try await connection.open("restarted") }
                try await document.insert("up \(round). ", at: 0)
                try await document.flush()
                #expect(try await connection.fetchText(of: "restarted") == document.text())
                return document
            }
            try await ada?.insert("down \(round). ", at: 0)
        }
        #expect(await ada?.pendingCount == 1)
        #expect(await ada?.text() == "down 2. up 2. down 1. up 1. down 0. up 0. ")
        await connection.close()
        try await relay.close()
    }

    // MARK: Taking the server's state

    @Test("Who was away long gets a snapshot, keeps what was written meanwhile, and tells its editor by patches")
    func takesSnapshots() async throws {
        try await withServer { port in
            let relay = try await Relay(to: port)
            let lonely = try Self.connection(relay.url)
            let direct = try Self.connection("http://127.0.0.1:\(port)")
            let ada = try await lonely.open("away")
            let grace = try await direct.open("away")
            try await ada.insert("One. Two 😀. ", at: 0)
            try await ada.flush()
            try await grace.received(ada.version)
            let heard = Heard(text: await ada.text())
            let replica = await ada.replica
            await ada.observe { heard.note($0) }

            relay.goDown()
            try await Self.wait("the cut was not noticed", until: { await ada.state == .offline })
            let own: String = "Written alone 😀. "
            try await ada.insert(own, at: 5)
            heard.note(
                .patches([.text(TextPatch(text: "body", utf16Offset: 5, deleteCount: 0, insert: Array(own.utf16)))])
            )
            // Far more bytes of changes than of text: each change has its frame, and little stays.
            try await grace.perform { replica throws(QuireError) in
                for index in 0..<4000 {
                    try replica.edit([TextEdit(text: "body", utf16Offset: 0, insert: Array("word \(index) ".utf16))])
                    let length = "word \(index) ".utf16.count
                    if index > 0 { try replica.edit([TextEdit(text: "body", utf16Offset: 0, deleteCount: length)]) }
                }
            }
            try await grace.flush()
            let before = await lonely.statistics.bytesReceived
            relay.comeBack()
            try await ada.flush()
            try await ada.received(grace.version)
            try await grace.received(ada.version)

            #expect(await ada.replica != replica, "it was no snapshot: the test shows nothing")
            #expect(await ada.text() == grace.text())
            #expect(await ada.text().contains(own))
            #expect(await ada.pendingCount == 0)
            #expect(await ada.text() == heard.text)
            // Its own typing is what its editor has already.
            #expect(heard.discarded.isEmpty)
            #expect(await lonely.statistics.bytesReceived - before < 60_000)
            try await ada.insert("After. ", at: 0)
            try await ada.flush()
            try await grace.received(ada.version)
            #expect(await ada.text() == grace.text())
            #expect(try await direct.fetchText(of: "away") == ada.text())
            await lonely.close()
            await direct.close()
            try await relay.close()
        }
    }

    @Test("A document with another history takes the place of ours, and our text is handed out once")
    func handsOutWhatIsLost() async throws {
        let relay = try await Relay(to: 1)
        let connection = try Self.connection(relay.url)
        let ada = try await withServer { port in
            relay.redirect(to: port)
            let ada = try await connection.open("history")
            try await ada.insert("Of the first server. ", at: 0)
            try await ada.flush()
            return ada
        }
        let heard = Heard(text: await ada.text())
        await ada.observe { heard.note($0) }
        try await Self.wait("the end was not noticed", until: { await ada.state == .offline })
        try await ada.insert("Never stored. ", at: 0)
        // Another database: the same name, another document.
        try await withServer { port in
            let direct = try Self.connection("http://127.0.0.1:\(port)")
            let grace = try await direct.open("history")
            try await grace.insert("Of the second server. ", at: 0)
            try await grace.flush()
            relay.redirect(to: port)
            try await ada.received(grace.version)
            #expect(await ada.text() == "Of the second server. ")
            let discarded = try #require(heard.discarded.first)
            #expect(heard.discarded.count == 1)
            #expect(discarded.pendingCount == 1)
            #expect(discarded.content[.text("body")] == .text(Array("Never stored. Of the first server. ".utf16)))
            // And it is a document like any other from here on.
            try await ada.insert("Ada too. ", at: 0)
            try await ada.flush()
            try await grace.received(ada.version)
            #expect(await grace.text() == "Ada too. Of the second server. ")
            #expect(await ada.pendingCount == 0)
            await direct.close()
        }
        await connection.close()
        try await relay.close()
    }

    @Test("What was not stored can be given up: the server's text is back, and nobody else sees a thing")
    func givesUpPending() async throws {
        try await withServer { port in
            let relay = try await Relay(to: port)
            let lonely = try Self.connection(relay.url)
            let ada = try await lonely.open("given-up")
            try await ada.insert("Stored.", at: 0)
            try await ada.flush()
            let heard = Heard()
            await ada.observe { heard.note($0) }
            relay.goDown()
            try await Self.wait("the cut was not noticed", until: { await ada.state == .offline })
            try await ada.insert("Not ", at: 0)
            try await ada.insert("at all ", at: 4)
            await ada.discardPending()
            #expect(await ada.pendingCount == 0)
            relay.comeBack()
            try await ada.joined()
            try await Self.wait("the text is not back", until: { await ada.text() == "Stored." })
            #expect(heard.discarded.map(\.pendingCount) == [2])
            #expect(heard.discarded.first?.content[.text("body")] == .text(Array("Not at all Stored.".utf16)))
            #expect(try await lonely.fetchText(of: "given-up") == "Stored.")
            await lonely.close()
            try await relay.close()
        }
    }
}
