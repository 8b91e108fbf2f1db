import Foundation

/// The real `quire` as a child process.
final class QuireProcess: @unchecked Sendable {
    // `Process` is used by one test at a time; what comes from other threads goes through files.

    /// What a test was not prepared for.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// How a process ended, and what it had written.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    private let process = Process()
    private let folder: URL
    private let name: String

    /// The binary that `swift build` put beside the tests, or the one that `QUIRE_BINARY` names.
    static func binary() throws -> URL {
        if let path = ProcessInfo.processInfo.environment["QUIRE_BINARY"] { return URL(filePath: path) }
        let tests = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        for start in [executable, tests] {
            var folder = start.deletingLastPathComponent()
            for _ in 0..<4 {
                let candidate = folder.appending(path: "quire")
                if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
                folder.deleteLastPathComponent()
            }
        }
        throw Failure(description: "no `quire` beside \(executable.path): run `swift build`, or set QUIRE_BINARY")
    }

    /// Starts `quire` with these arguments; its output goes to files of `folder`.
    init(_ arguments: [String], name: String, in folder: TemporaryFolder, environment: [String: String] = [:]) throws {
        self.folder = folder.url
        self.name = name
        for stream in ["out", "err"] {
            try Data().write(to: folder.url.appending(path: "\(name).\(stream)"))
        }
        self.process.executableURL = try Self.binary()
        self.process.arguments = arguments
        self.process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        self.process.standardOutput = FileHandle(forWritingAtPath: folder.path("\(name).out"))
        self.process.standardError = FileHandle(forWritingAtPath: folder.path("\(name).err"))
        self.process.currentDirectoryURL = folder.url
        try self.process.run()
    }

    deinit {
        if self.process.isRunning { kill(self.process.processIdentifier, SIGKILL) }
    }

    var isRunning: Bool { self.process.isRunning }

    /// How it ended, in words.
    var ending: String {
        guard !self.process.isRunning else { return "running" }
        let isSignal = self.process.terminationReason == .uncaughtSignal
        return "\(isSignal ? "signal" : "status") \(self.process.terminationStatus)"
    }

    /// What it wrote so far.
    func written(_ stream: String) -> String {
        let data = FileManager.default.contents(atPath: self.folder.appending(path: "\(self.name).\(stream)").path)
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    /// `kill -9`, and waits until it is gone.
    func killHard() async {
        kill(self.process.processIdentifier, SIGKILL)
        _ = try? await self.waitForExit(seconds: 10)
    }

    /// Waits until it ends by itself.
    @discardableResult
    func waitForExit(seconds: Double) async throws -> Outcome {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while self.process.isRunning {
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    description: "\(self.name) still runs after \(seconds) s:\n\(self.written("err").suffix(2000))"
                )
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        return Outcome(
            status: self.process.terminationStatus,
            output: self.written("out"),
            errors: self.written("err")
        )
    }
}

/// A folder that goes away with the test.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        self.url = FileManager.default.temporaryDirectory.appending(path: "quire-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: self.url)
    }

    func path(_ name: String) -> String {
        self.url.appending(path: name).path
    }
}
