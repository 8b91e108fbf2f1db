import CRDT
import Foundation
import TestSupport
import Testing

/// The promise of an ack: what was acknowledged is on disk, whatever is killed.
@Suite("Killing the server in the middle", .serialized)
struct KillTests {
    /// Twenty kills in all; `FUZZ_FIRST_SEED` takes other moments.
    private static let kills: [RecordedTrace: Int] = [.automergePaper: 6, .sveltecomponent: 7, .friendsforever: 7]

    @Test(
        "Clients come back by themselves, the end is equal, and no acknowledged change is lost",
        arguments: RecordedTrace.allCases
    )
    func survives(trace: RecordedTrace) async throws {
        let seed = Fuzz.replayedSeed ?? Fuzz.firstSeed &+ UInt64(Date().timeIntervalSince1970)
        print("\(trace.rawValue): killing at moments of seed \(seed)")
        var generator = SplitMix64(seed: seed)
        let folder = try TemporaryFolder()
        let server = QuireServerProcess(in: folder)
        try await server.start()
        let start = ContinuousClock.now
        let planned = Self.kills[trace] ?? 0
        var kills = 0
        var reconnects = 0
        var round = 0
        // A fast machine is through before the last kill: then once more, on another document.
        while kills < planned {
            round += 1
            #expect(round <= 20, "only \(kills) kills in \(round) replays")
            guard round <= 20 else { break }
            let document = "killed-\(round)"
            let acknowledgements = folder.path("acknowledged-\(round)")
            let replay = try QuireProcess(
                [
                    "replay", try trace.path(), "--url", await server.url, "--json", "--doc", document,
                    "--acknowledgements", acknowledgements,
                ] + trace.arguments,
                name: "replay-\(round)",
                in: folder
            )
            // Unpacking the trace takes its time; killing a server that nobody talks to shows nothing.
            let patience = ContinuousClock.now + .seconds(120)
            while replay.isRunning, try Self.acknowledged(acknowledgements).isEmpty {
                guard await server.isRunning, ContinuousClock.now < patience else {
                    throw QuireProcess.Failure(description: "nothing was acknowledged: \(await server.errors)")
                }
                try await Task.sleep(for: .milliseconds(20))
            }
            while kills < planned, replay.isRunning {
                try await Task.sleep(for: .milliseconds(50 + generator.below(1200)))
                guard replay.isRunning else { break }
                await server.kill()
                kills += 1
                // The clients take in what the dead server had still sent them.
                try await Task.sleep(for: .milliseconds(100))
                let acknowledged = try Self.acknowledged(acknowledgements)
                let kept = try await Self.version(of: document, onDiskOf: server)
                #expect(kept.covers(acknowledged), "kill \(kills) of seed \(seed) lost acknowledged changes")
                try await server.start()
            }
            let result = try ReplayResult(try await replay.waitForExit(seconds: 240))
            #expect(result.equal)
            reconnects += result.reconnects
            await server.kill()
            let all = try Self.acknowledged(acknowledgements)
            let kept = try await Self.version(of: document, onDiskOf: server)
            #expect(kept.covers(all))
            try await server.start()
        }
        await server.kill()
        #expect(reconnects > 0)
        print("\(trace.rawValue): \(kills) kills, \(reconnects) reconnects, \(ContinuousClock.now - start)")
    }

    /// What the clients were told to be stored.
    private static func acknowledged(_ path: String) throws -> Version {
        var version = Version()
        let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let numbers = line.split(separator: " ").compactMap { UInt64($0) }
            guard numbers.count == 2 else { throw QuireProcess.Failure(description: "a strange line: \(line)") }
            let replica = ReplicaID(numbers[0])
            version[replica] = max(version[replica], numbers[1] + 1)
        }
        return version
    }

    /// What a server that nobody else talks to finds in the database.
    private static func version(of id: String, onDiskOf server: QuireServerProcess) async throws -> Version {
        let snapshot = try await server.onDisk("/v1/docs/\(id)?format=snapshot")
        let document = try Document(snapshot: snapshot, replica: ReplicaID(1))
        return document.version
    }
}
