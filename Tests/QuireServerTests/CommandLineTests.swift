import Collaboration
import Foundation
import SocketIOProtocol
import Testing

@testable import QuireServer

/// The built `quire`, started as people start it.
@Suite("The command line")
struct CommandLineTests {
    private struct Outcome {
        var status: Int32
        var output: String
        var errors: String
    }

    /// Beside the tests, where the build puts it; `QUIRE_BINARY` names another.
    private static func binary() throws -> URL {
        if let path = ProcessInfo.processInfo.environment["QUIRE_BINARY"] { return URL(filePath: path) }
        let tests = try #require(Bundle.main.executableURL)
        let binary = tests.deletingLastPathComponent().appending(path: "quire")
        try #require(FileManager.default.isExecutableFile(atPath: binary.path), "build quire first: \(binary.path)")
        return binary
    }

    private func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        let process = Process()
        process.executableURL = try Self.binary()
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let outputBytes = output.fileHandleForReading.readDataToEndOfFile()
        let errorBytes = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus,
            output: String(decoding: outputBytes, as: UTF8.self),
            errors: String(decoding: errorBytes, as: UTF8.self)
        )
    }

    @Test(
        "Arguments that cannot work are refused, with advice",
        arguments: [
            (["serve", "--host", "0.0.0.0", "--port", "0"], "--jwt-secret"), (["serve", "--port", "65536"], "--port"),
            (["serve", "--port", "x"], "--port"), (["serve", "--loops", "0"], "--loops"),
            (["serve", "--log-level", "loud"], "--log-level"), (["serve", "--log-format", "xml"], "--log-format"),
            (["serve", "--jwt-secret", "short"], "32"), (["serve", "--messages-per-second=-1"], "messages per second"),
            (["serve", "--nonsense"], "--nonsense"), (["token", "--sub", "ada"], "QUIRE_JWT_SECRET"),
            (["token", "--sub", "ada", "--jwt-secret", "short"], "32"),
            (["token", "--sub", "ada", "--jwt-secret", testSecret.revealed, "--docs", "a"], "PATTERN=ROLE"),
            (["token", "--sub", "ada", "--jwt-secret", testSecret.revealed, "--docs", "a=owner"], "PATTERN=ROLE"),
            (["token", "--sub", "ada", "--jwt-secret", testSecret.revealed, "--ttl", "0"], "--ttl"),
        ]
    )
    func refused(arguments: [String], advice: String) throws {
        let outcome = try run(arguments)
        #expect(outcome.status != 0)
        #expect(outcome.errors.contains(advice), "\(outcome.errors)")
        #expect(!outcome.errors.contains("short\n") && !outcome.errors.contains(testSecret.revealed))
    }

    @Test("A token from the command line is one that the server takes")
    func token() async throws {
        let outcome = try run(
            ["token", "--sub", "ada", "--name", "Ada", "--docs", "a*=read", "--docs", "b=admin", "--ttl", "60"],
            environment: ["QUIRE_JWT_SECRET": testSecret.revealed]
        )
        #expect(outcome.status == 0)
        let verifier = await TokenVerifier(secret: testSecret, keyID: nil, requiresExpiry: true)
        let text = outcome.output.trimmingCharacters(in: .newlines)
        let principal = try await verifier.principal(of: text, now: WallClock.now)
        #expect(principal.user.name == "Ada")
        #expect(principal.grants == DocumentGrants(claim: ["a*": "read", "b": "admin"]))
        #expect(try #require(principal.expiresAt) > WallClock.now)
    }

    @Test("It serves until it is told to stop, then ends with 0", arguments: [SIGTERM, SIGINT])
    func serve(signal: Int32) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "quire-cli-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let portFile = folder.appending(path: "port")
        let process = Process()
        process.executableURL = try Self.binary()
        process.currentDirectoryURL = folder
        process.arguments = ["serve", "--port", "0", "--port-file", portFile.path, "--log-format", "json"]
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
        var port: Int?
        for _ in 0..<600 where port == nil {
            port = (try? String(contentsOf: portFile, encoding: .utf8)).flatMap {
                Int($0.trimmingCharacters(in: .newlines))
            }
            if port == nil { try await Task.sleep(for: .milliseconds(50)) }
        }
        let listening = try #require(port, "the port file never came")
        kill(process.processIdentifier, signal)
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let logged = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0)
        #expect(said == "Quire is listening at http://127.0.0.1:\(listening)/\n")
        let lines = try logged.split(separator: UInt8(ascii: "\n")).map { try JSON.parse(Array($0)) }
        #expect(lines.contains { $0["message"] == "listening" && $0["port"] == .string("\(listening)") })
        #expect(lines.last?["message"] == "stopped")
        #expect(FileManager.default.fileExists(atPath: folder.appending(path: "quire.sqlite").path))
    }
}
