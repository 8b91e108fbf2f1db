import Foundation
import Testing

/// `quire replay` against `quire serve`, both as processes, over real sockets.
@Suite("Replaying recorded sessions", .serialized)
struct ReplayTests {
    private func replay(
        _ trace: String,
        _ arguments: [String],
        server: QuireServerProcess,
        in folder: TemporaryFolder
    ) async throws -> QuireProcess.Outcome {
        let process = try QuireProcess(
            ["replay", trace, "--url", await server.url, "--json"] + arguments,
            name: "replay-\(UUID().uuidString)",
            in: folder
        )
        return try await process.waitForExit(seconds: 240)
    }

    private func write(_ json: String, in folder: TemporaryFolder) throws -> String {
        let path = folder.path("trace.json")
        try Data(json.utf8).write(to: URL(filePath: path))
        return path
    }

    @Test(
        "A recorded session ends equal at every client, at the server and in the trace",
        arguments: RecordedTrace.allCases
    )
    func endsEqual(trace: RecordedTrace) async throws {
        let folder = try TemporaryFolder()
        let server = QuireServerProcess(in: folder)
        try await server.start()
        let outcome = try await self.replay(try trace.path(), trace.arguments, server: server, in: folder)
        await server.kill()
        let result = try ReplayResult(outcome)
        #expect(result.equal)
        #expect(result.clients == trace.clientCount)
        #expect(result.acknowledgedChanges > 0)
        print("\(trace.rawValue): \(result.seconds) s, \(Int(result.changesPerSecond)) changes/s, debug build")
    }

    @Test("A start content, code points beyond the basic plane and several patches in one transaction are replayed")
    func awkwardTrace() async throws {
        let folder = try TemporaryFolder()
        let server = QuireServerProcess(in: folder)
        try await server.start()
        let trace = try self.write(
            #"""
            {"startContent": "a😀b", "endContent": "A😀é\"z", "kind": null, "x": [1, {"y": -2.5e1}, "\n"], "txns": [
              {"time": "t", "patches": [[2, 1, "\u00e9"]]},
              {"patches": [[0, 1, "A"], [3, 0, "\"\ud83d\ude01z"], [4, 1, ""]]},
              {"patches": []}
            ]}
            """#,
            in: folder
        )
        let result = try ReplayResult(try await self.replay(trace, ["--clients", "2"], server: server, in: folder))
        await server.kill()
        #expect(result.equal)
        #expect(result.finalLength == 6)
    }

    @Test("An agent that went back to an older state gets a second replica")
    func forkedTrace() async throws {
        let folder = try TemporaryFolder()
        let server = QuireServerProcess(in: folder)
        try await server.start()
        let trace = try self.write(
            #"""
            {"kind": "concurrent", "numAgents": 1, "endContent": "xab", "txns": [
              {"parents": [], "agent": 0, "patches": [[0, 0, "a"]]},
              {"parents": [0], "agent": 0, "patches": [[1, 0, "b"]]},
              {"parents": [0], "agent": 0, "patches": [[0, 0, "x"]]}
            ]}
            """#,
            in: folder
        )
        let result = try ReplayResult(try await self.replay(trace, [], server: server, in: folder))
        await server.kill()
        #expect(result.clients == 2)
    }

    @Test("A text that differs from the trace's ends with an error that says where")
    func tellsDifferences() async throws {
        let folder = try TemporaryFolder()
        let server = QuireServerProcess(in: folder)
        try await server.start()
        let trace = try self.write(
            #"{"startContent": "", "endContent": "abd", "txns": [{"patches": [[0, 0, "abc"]]}]}"#,
            in: folder
        )
        let outcome = try await self.replay(trace, [], server: server, in: folder)
        #expect(outcome.status != 0)
        #expect(outcome.errors.contains("first difference at offset 2"), "\(outcome.errors)")
        let broken = try self.write(#"{"startContent": "", "txns": [{"patches": [[0, 0"#, in: folder)
        let refused = try await self.replay(broken, [], server: server, in: folder)
        #expect(refused.status != 0)
        #expect(refused.errors.contains("no trace"), "\(refused.errors)")
        await server.kill()
    }

    @Test("A document that somebody wrote into is not replayed onto")
    func refusesUsedDocuments() async throws {
        let folder = try TemporaryFolder()
        let server = QuireServerProcess(in: folder)
        try await server.start()
        let trace = try self.write(
            #"{"startContent": "", "endContent": "abc", "txns": [{"patches": [[0, 0, "abc"]]}]}"#,
            in: folder
        )
        #expect(try await self.replay(trace, ["--doc", "once"], server: server, in: folder).status == 0)
        let again = try await self.replay(trace, ["--doc", "once"], server: server, in: folder)
        #expect(again.status != 0)
        #expect(again.errors.contains("not new"), "\(again.errors)")
        await server.kill()
    }

    @Test("A server with a secret lets in those who show a good token, and tells the others why not")
    func authenticates() async throws {
        let folder = try TemporaryFolder()
        let secret = "a secret of more than thirty-two bytes, as HS256 asks for"
        let server = QuireServerProcess(in: folder, secret: secret)
        try await server.start()
        let trace = try self.write(
            #"{"startContent": "", "endContent": "abc", "txns": [{"patches": [[0, 0, "abc"]]}]}"#,
            in: folder
        )
        func token(_ arguments: [String]) async throws -> String {
            let process = try QuireProcess(
                ["token", "--sub", "ada"] + arguments,
                name: "token-\(UUID().uuidString)",
                in: folder,
                environment: ["QUIRE_JWT_SECRET": secret]
            )
            let outcome = try await process.waitForExit(seconds: 30)
            return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let writer = try await token([])
        #expect(try await self.replay(trace, ["--token", writer], server: server, in: folder).status == 0)

        let without = try await self.replay(trace, [], server: server, in: folder)
        #expect(without.status != 0)
        #expect(without.errors.contains("UNAUTHENTICATED"), "\(without.errors)")

        let forged = try await self.replay(trace, ["--token", writer + "x"], server: server, in: folder)
        #expect(forged.status != 0)
        #expect(forged.errors.contains("TOKEN_INVALID"), "\(forged.errors)")

        let reader = try await token(["--docs", "*=read"])
        let refused = try await self.replay(trace, ["--token", reader], server: server, in: folder)
        #expect(refused.status != 0)
        // Who may only read cannot bring a document into being.
        #expect(refused.errors.contains("UNKNOWN_DOCUMENT"), "\(refused.errors)")
        await server.kill()
    }
}
