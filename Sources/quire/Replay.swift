import ArgumentParser
import CRDT
import EngineBenchmark
import Foundation
import QuireClient

/// `quire replay`.
struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Replay a recorded editing session through real clients, and compare what everybody ends with.",
        discussion: """
            A sequential trace is made by clients that take turns, each waiting for what came before; one client alone \
            waits for each ack, unless --burst. A concurrent trace is made by one client for each of its agents, each \
            edit on exactly the state that it was recorded on. Clients reconnect by themselves when the server goes away.

            The exit code is 0 only when every client, the server's document over HTTP and the trace agree. A server's \
            limits on messages a second slow a replay down: start it with --messages-per-second 0 --bytes-per-second 0.
            """
    )

    @Argument(help: ArgumentHelp("The trace: a .json or .json.gz file.", valueName: "trace"))
    var trace: String

    @Option(help: "Clients that take turns; a concurrent trace has one for each agent.")
    var clients = 1

    @Option(help: "The server.")
    var url = "http://127.0.0.1:8080"

    @Option(help: ArgumentHelp("The document, which must be new; a random one when left out.", valueName: "id"))
    var doc: String?

    @Option(help: "The token to show.")
    var token: String?

    @OptionGroup
    var trust: TrustOptions

    @Option(help: ArgumentHelp("Give up after this many seconds.", valueName: "seconds"))
    var timeout = 3600.0

    @Flag(help: "Print the figures as one line of JSON.")
    var json = false

    @Flag(help: "One client makes all edits without waiting for acks.")
    var burst = false

    @Option(
        help: ArgumentHelp(
            "Write `replica sequence` to this file for each change that was acknowledged.",
            valueName: "file"
        )
    )
    var acknowledgements: String?

    @OptionGroup(title: "Logging")
    var logging: LoggingOptions

    func validate() throws {
        guard (1...256).contains(self.clients) else { throw ValidationError("--clients is 1 to 256.") }
        guard self.timeout > 0, self.timeout <= 1e6 else { throw ValidationError("--timeout is above 0.") }
        guard !self.burst || self.clients == 1 else {
            throw ValidationError("--burst is for one client: several wait for each other.")
        }
    }

    func run() async throws {
        do {
            try await self.replay()
        } catch {
            FileHandle.standardError.write(Data("quire replay: \(error)\n".utf8))
            throw ExitCode.failure
        }
    }

    private func replay() async throws {
        guard let file = FileManager.default.contents(atPath: self.trace) else {
            throw Trace.Failure(description: "\(self.trace) cannot be read")
        }
        let trace = try Trace([UInt8](file))
        let plan = trace.agentCount == nil ? nil : try ReplayPlan(concurrent: trace)
        if plan != nil, self.clients > 1, self.clients != trace.agentCount {
            throw Trace.Failure(description: "the trace has \(trace.agentCount ?? 0) agents: leave --clients out")
        }
        let recorder = ReplayRecorder(acknowledgements: try self.acknowledgementsFile())
        let settings = ReplayRun.Settings(
            url: self.url,
            document: self.doc ?? "replay-\(String(UInt64.random(in: .min ... .max), radix: 36))",
            clientCount: plan?.lanes.count ?? self.clients,
            isBurst: self.burst,
            token: self.token,
            secureTransport: try self.trust.secureTransport(),
            logger: self.logging.byOptions.makeLogger(label: "replay")
        )
        let run = ReplayRun(trace: trace, settings: settings, recorder: recorder)
        let report = try await self.withTimeout { try await self.replay(run, plan: plan) }
        print(self.json ? report.json : report.text)
    }

    private func replay(_ run: ReplayRun, plan: ReplayPlan?) async throws -> ReplayReport {
        let clients = try await run.openClients(run.settings.clientCount, lanes: plan?.lanes)
        let bar = Task {
            await ReplayProgressBar().run(
                total: run.trace.transactions.count,
                progress: run.progress,
                recorder: run.recorder
            )
        }
        let start = ContinuousClock.now
        let seconds: Double
        do {
            let known = try await run.replay(clients, plan: plan)
            for client in clients { try await client.document.flush() }
            seconds = (ContinuousClock.now - start) / .seconds(1)
            try await run.verify(clients, known: known)
            bar.cancel()
            await bar.value
        } catch {
            bar.cancel()
            await bar.value
            throw error
        }
        var statistics: [ConnectionStatistics] = []
        for client in clients {
            statistics.append(await client.connection.statistics)
            await client.connection.close()
        }
        let name = self.trace.split(separator: "/").last.map(String.init) ?? self.trace
        return ReplayReport(trace: name, run: run, seconds: seconds, statistics: statistics)
    }

    private func acknowledgementsFile() throws -> FileHandle? {
        guard let path = self.acknowledgements else { return nil }
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw Trace.Failure(description: "\(path) cannot be written") }
        return file
    }

    /// Ends the process when time is up: waits for a server are not cancelled one by one.
    private func withTimeout(_ body: () async throws -> ReplayReport) async throws -> ReplayReport {
        let seconds = self.timeout
        let watchdog = Task {
            try await Task.sleep(for: .seconds(seconds))
            FileHandle.standardError.write(Data("quire replay: not finished after \(seconds) seconds\n".utf8))
            Self.exit(withError: ExitCode(2))
        }
        defer { watchdog.cancel() }
        return try await body()
    }
}
