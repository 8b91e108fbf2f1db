import ArgumentParser
import Foundation
import LoadBenchmark

extension Bench {
    /// `quire bench load`.
    struct Load: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a running server under load, and check every delivery.",
            discussion: """
                Clients join documents of random names, and send. With --rate each sender sends at times that are fixed \
                beforehand, and latency counts from these; with --window it keeps so many messages under way, each of \
                them until all others of the room have it, and keystrokes until they are stored. Kinds may be mixed: change=8,presence=2.

                A change is one keystroke of a client with the engine, an edit one of a thin client; both are acknowledged \
                when they are on disk. Signals and presence carry --payload bytes.

                The exit code is 0 only when everybody got into a room and got each message of the others once and in order; \
                a participant that the server resynchronised may go without some. Start the server with \
                --messages-per-second 0 --bytes-per-second 0 --connections-per-second 0 --connections-per-address 0, and \
                pin it and this program to different cores.
                """
        )

        @Option(help: "The server.")
        var url = "http://127.0.0.1:8080"

        @Option(help: "Documents.")
        var rooms = 1

        @Option(help: "Clients of each document.")
        var clients = 10

        @Option(help: "How many clients of each document send; all when left out.")
        var senders: Int?

        @Option(help: ArgumentHelp("Messages a second of each sender.", valueName: "rate"))
        var rate: Double?

        @Option(help: ArgumentHelp("Messages of each sender under way at a time.", valueName: "messages"))
        var window: Int?

        @Option(help: ArgumentHelp("Bytes of a signal's or presence state's payload.", valueName: "bytes"))
        var payload = 64

        @Option(
            help: ArgumentHelp(
                "signal, binary-signal, change, edit, presence, or several with their shares.",
                valueName: "kind[=share],..."
            )
        )
        var kind = "signal"

        @Option(
            help: "How many clients of each document join as thin clients, the last ones; all when they send edits."
        )
        var thin: Int?

        @Flag(help: "Ask for an ack of signals, too.")
        var acks = false

        @Option(help: ArgumentHelp("Time that does not count.", valueName: "seconds"))
        var warmup = 1.0

        @Option(help: ArgumentHelp("Time that counts; 0 only connects.", valueName: "seconds"))
        var duration = 10.0

        @Option(help: ArgumentHelp("Clients of all that stop reading after the warm-up.", valueName: "clients"))
        var stalled = 0

        @Option(help: ArgumentHelp("How long they do.", valueName: "seconds"))
        var stall = 5.0

        @Option(help: ArgumentHelp("Connections that are opened at a time.", valueName: "connections"))
        var connecting = 100

        @Flag(help: "Follow each document, and compare it with a fresh join at the end.")
        var verify = false

        @Option(help: ArgumentHelp("The server's process, to read its processor time and memory.", valueName: "pid"))
        var serverPid: Int?

        @Option(help: "The token to show.")
        var token: String?

        @Flag(help: "Print one object of JSON.")
        var json = false

        func validate() throws {
            if let problem = try self.settings().problem { throw ValidationError("\(problem).") }
        }

        func run() async throws {
            let settings = try self.settings()
            FileLimit.raise()
            let line = LoadProgressLine()
            let report = try await LoadRun(settings) { line.draw($0) }.run()
            line.clear()
            print(self.json ? report.json : report.text)
            for warning in report.warnings { FileHandle.standardError.write(Data("quire bench: \(warning)\n".utf8)) }
            guard report.ok else { throw ExitCode.failure }
        }

        private func settings() throws -> LoadSettings {
            guard let address = LoadSettings.Address(self.url) else {
                throw ValidationError("--url is http://host:port.")
            }
            guard let mix = MessageMix(self.kind) else {
                let kinds = MessageKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--kind is one of \(kinds), or several as change=8,presence=2.")
            }
            guard self.rate == nil || self.window == nil else { throw ValidationError("--rate or --window, not both.") }
            var settings = LoadSettings(
                address: address,
                mix: mix,
                namePrefix: "load-\(String(UInt64.random(in: .min ... .max), radix: 36))"
            )
            settings.rooms = self.rooms
            settings.clients = self.clients
            settings.senders = self.senders ?? self.clients
            settings.pace = self.window.map { .window($0) } ?? .rate(self.rate ?? 1)
            settings.payloadBytes = self.payload
            settings.thin = self.thin ?? (mix.contains(.edit) ? self.clients : 0)
            settings.acknowledgesSignals = self.acks
            settings.stalled = self.stalled
            settings.stallSeconds = self.stall
            settings.warmUpSeconds = self.warmup
            settings.durationSeconds = self.duration
            settings.connecting = self.connecting
            settings.verifies = self.verify
            settings.serverProcess = self.serverPid
            settings.token = self.token
            return settings
        }
    }
}

/// A line on standard error that is redrawn; nothing when that is not a terminal.
private struct LoadProgressLine: Sendable {
    private let isShown = isatty(STDERR_FILENO) == 1

    func draw(_ text: String) {
        guard self.isShown else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8))
    }

    func clear() { self.draw("") }
}
