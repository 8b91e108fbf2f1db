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

    // MARK: Where settings come from

    /// A folder with a configuration file, gone at the end.
    private func withFile(_ text: String, body: (String) throws -> Void) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "quire-\(UUID().uuidString).json")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        try body(file.path)
    }

    @Test("An option comes before the environment, that before the file, and that before the default")
    func precedence() throws {
        try withFile(
            #"{"port": 1, "host": "127.0.0.2", "loops": 3, "max-ops": 4, "allow-anonymous": true, "jwks": ["a", "b"]}"#
        ) { path in
            let outcome = try run(
                ["config", "--json", "--config", path, "--loops", "2", "--allowed-origin", "https://a.example"],
                environment: [
                    "QUIRE_PORT": "2", "QUIRE_LOOPS": "5", "QUIRE_JWKS": "c,d", "QUIRE_LOG_FORMAT": "json",
                    "QUIRE_ALLOW_TOKENS_WITHOUT_EXPIRY": "true", "QUIRE_ALLOWED_ORIGIN": "https://b.example",
                    "QUIRE_JWT_SECRET": testSecret.revealed, "UNRELATED": "1",
                ]
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(!outcome.output.contains(testSecret.revealed))
            let settings = try JSON.parse(Array(outcome.output.utf8))
            let expected: [String: (String, String)] = [
                "loops": ("2", "flag"), "allowed-origin": ("https://a.example", "flag"),
                "port": ("2", "environment QUIRE_PORT"), "jwks": ("c, d", "environment QUIRE_JWKS"),
                "log-format": ("json", "environment QUIRE_LOG_FORMAT"),
                "allow-tokens-without-expiry": ("true", "environment QUIRE_ALLOW_TOKENS_WITHOUT_EXPIRY"),
                "jwt-secret": ("<secret>", "environment QUIRE_JWT_SECRET"), "host": ("127.0.0.2", "file \(path)"),
                "max-ops": ("4", "file \(path)"), "allow-anonymous": ("true", "file \(path)"),
                "max-documents": ("100", "default"), "database": ("quire.sqlite", "default"),
                "jwt-issuer": ("", "default"), "open-metrics": ("false", "default"),
            ]
            for (name, (value, source)) in expected {
                #expect(settings[name]?["value"]?.stringValue == value, "\(name)")
                #expect(settings[name]?["source"]?.stringValue == source, "\(name)")
            }
        }
    }

    @Test("Every option that `serve` has is a setting")
    func complete() throws {
        let help = try run(["serve", "--help"]).output
        let options = Set(help.matches(of: /--([a-z-]+)/).map { String($0.1) })
        let settings = try JSON.parse(Array(try run(["config", "--json"]).output.utf8))
        guard case .object(let object) = settings else {
            Issue.record("no object")
            return
        }
        let others: Set<String> = ["config", "help", "version"]
        #expect(options.subtracting(others) == Set(object.members.map(\.key)))
    }

    @Test(
        "What the file or the environment cannot mean is refused, with its place",
        arguments: [
            (#"{"prot": 1}"#, [:], "there is no setting \"prot\""),
            (#"{"port": "1"}"#, [:], "\"port\" is no whole number"),
            (#"{"port": true}"#, [:], "\"port\" is no whole number"), (#"{"port": 1.5}"#, [:], "\"port\" is no whole"),
            (#"{"allow-anonymous": 1}"#, [:], "\"allow-anonymous\" is neither"),
            (#"{"host": 1}"#, [:], "\"host\" is no text"),
            (#"{"jwks": "a"}"#, [:], "\"jwks\" is no list"),
            (#"{"jwks": [1, "a"]}"#, [:], "a list that is not one of texts"),
            (#"{"host": null}"#, [:], "\"host\" is nothing"), (#"{"host": {"a": 1}}"#, [:], "\"host\" is nothing"),
            ("[]", [:], "is no JSON object"), (#"{"port": 1"#, [:], "is no JSON object"),
            ("{}", ["QUIRE_PORT": "x"], "QUIRE_PORT is no whole number"),
            ("{}", ["QUIRE_OPEN_METRICS": "maybe"], "QUIRE_OPEN_METRICS is neither"),
            ("{}", ["QUIRE_LOG_LEVEL": "loud"], "log-level is one of"), (#"{"port": 65536}"#, [:], "--port"),
            ("{}", ["QUIRE_JWT_SECRET": "short"], "32"),
        ] as [(String, [String: String], String)]
    )
    func refused(file: String, environment: [String: String], advice: String) throws {
        try withFile(file) { path in
            for command in ["serve", "config"] {
                let outcome = try run([command, "--config", path], environment: environment)
                #expect(outcome.status == 64, "\(command)")
                #expect(outcome.errors.contains(advice), "\(command): \(outcome.errors)")
            }
        }
    }

    @Test("The sample configuration is one")
    func sample() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let path = root.appending(path: "samples/deploy/config.json").path
        let outcome = try run(["config", "--config", path], environment: ["QUIRE_JWT_SECRET": testSecret.revealed])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("docs.example.org"))
    }
}
