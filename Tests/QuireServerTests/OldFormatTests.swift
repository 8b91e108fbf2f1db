import CRDT
import Collaboration
import Foundation
import NIOCore
import SQLiteStore
import SocketIOProtocol
import Testing

@testable import QuireServer

@Suite("Documents of another version of the engine")
struct OldFormatTests {
    private static func id() throws -> DocumentID { try #require(DocumentID("old")) }

    @Test(
        "They are refused with a code of their own, quarantined, and never served as empty or overwritten",
        arguments: [false, true]
    )
    func refused(isSnapshot: Bool) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "quire-old-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "quire.sqlite").path
        let id = try Self.id()
        let store = try SQLiteStore(configuration: .init(path: path), logger: silentLogger)
        try await store.create(id, epoch: Epoch("e"))
        // A change of version 0, and a snapshot of version 1 whose log begins after it.
        let entry = LogEntry(document: id, revision: Revision(1), changes: [0x80, 0, 0], user: "u", timestamp: 0)
        await withCheckedContinuation { continuation in store.append(entry) { _ in continuation.resume() } }
        if isSnapshot {
            let snapshot = StoredSnapshot(revision: Revision(1), bytes: Array("QUIR".utf8) + [1, 2, 3, 4, 5])
            await withCheckedContinuation { continuation in
                store.saveSnapshot(snapshot, of: id, keepingEntries: 0) { _ in continuation.resume() }
            }
        }
        let before = try await store.load(id)
        try await withRooms(store: store) { hosts, group in
            for format in ["json", "changes"] {
                let client = FakeClient(format, loop: group.next(), hosts: hosts)
                let answer = try await client.request("join", ["doc": "old", "format": .string(format)])
                #expect(answer["error"]?["code"]?.stringValue == "UNSUPPORTED_FORMAT")
                #expect(answer["error"]?["retryable"]?.boolValue == false)
                #expect(try await client.refusal("edit", "old", ["rev": 0, "ops": []]) == "NOT_JOINED")
            }
            let error = await #expect(throws: RequestError.self) {
                _ = try await DocumentReader(hosts: hosts, store: store).view(of: id, as: .roots)
            }
            #expect(error?.code == "UNSUPPORTED_FORMAT")
        }
        let noted = try await store.damagedRows()
        #expect(noted.map(\.item) == [isSnapshot ? .snapshot : .change])
        #expect(noted.map(\.revision) == [Revision(1)])
        #expect(try await store.load(id) == before)
        await store.close()
    }
}
