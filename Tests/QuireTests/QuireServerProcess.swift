import Foundation

/// `quire serve` on a database of its own. It can be killed and started again at the same port.
actor QuireServerProcess {
    private let folder: TemporaryFolder
    private let secret: String?
    private var process: QuireProcess?
    private var starts = 0
    private(set) var port = 0

    var url: String { "http://127.0.0.1:\(self.port)" }

    var isRunning: Bool { self.process?.isRunning ?? false }

    /// What the running server wrote to standard error, and how it ended if it did.
    var errors: String {
        guard let process = self.process else { return "no server" }
        return "\(process.ending) \(process.written("err").suffix(2000))"
    }

    init(in folder: TemporaryFolder, secret: String? = nil) {
        self.folder = folder
        self.secret = secret
    }

    /// Starts it; the first time at a free port, later at the same again.
    func start() async throws {
        let (process, port) = try await self.launch(port: self.port)
        self.process = process
        self.port = port
    }

    /// `kill -9`.
    func kill() async {
        await self.process?.killHard()
        self.process = nil
    }

    /// What a server on the same database, at another port, says: nobody else is connected to it, so it knows what the disk
    /// knows and nothing else.
    func onDisk(_ path: String) async throws -> [UInt8] {
        precondition(self.process == nil, "two servers cannot share a database")
        let (process, port) = try await self.launch(port: 0)
        do {
            let body = try PlainRequest.get(path, port: port)
            await process.killHard()
            return body
        } catch {
            await process.killHard()
            throw error
        }
    }

    private func launch(port: Int) async throws -> (QuireProcess, Int) {
        self.starts += 1
        let portFile = self.folder.path("port-\(self.starts)")
        // Limits are for strangers; a replay is hundreds of people at once.
        let limits = ["--messages-per-second", "0", "--bytes-per-second", "0", "--connections-per-second", "0"]
        let process = try QuireProcess(
            [
                "serve", "--port", "\(port)", "--port-file", portFile, "--database", self.folder.path("quire.sqlite"),
                "--log-level", "warning",
            ] + limits,
            name: "serve-\(self.starts)",
            in: self.folder,
            environment: self.secret.map { ["QUIRE_JWT_SECRET": $0] } ?? [:]
        )
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            let text = FileManager.default.contents(atPath: portFile).map { String(decoding: $0, as: UTF8.self) }
            let actual = text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
            if let actual { return (process, actual) }
            // After the look, not before: on a busy machine a short sleep may outlast the deadline.
            guard process.isRunning, ContinuousClock.now < deadline else { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        let errors = process.written("err")
        await process.killHard()
        throw QuireProcess.Failure(description: "the server did not start:\n\(errors.suffix(2000))")
    }
}
