import NIOCore
import NIOPosix

/// A load from the first connection to the last check.
public struct LoadRun: Sendable {
    /// What is to be said while it runs, some times a second.
    public typealias Progress = @Sendable (String) -> Void

    private let settings: LoadSettings
    private let progress: Progress

    /// A load with these settings, which ``LoadSettings/problem`` has nothing against.
    public init(_ settings: LoadSettings, progress: @escaping Progress = { _ in }) {
        self.settings = settings
        self.progress = progress
    }

    /// Runs it.
    public func run() async throws -> LoadReport {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let report = try await self.run(on: LoadGenerator(settings: self.settings, loop: group.next()))
            try await group.shutdownGracefully()
            return report
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }

    private func run(on generator: LoadGenerator) async throws -> LoadReport {
        var report = LoadReport(settings: self.settings)
        let idle = self.serverUsage
        let start = ContinuousClock.now
        try await self.connect(generator)
        report.connectSeconds = (ContinuousClock.now - start) / .seconds(1)
        report.noteConnected(from: idle, to: self.serverUsage)

        let isAnybodyIn = try await generator.on { $0.joinedCount > 0 }
        if isAnybodyIn, self.settings.senders > 0, self.settings.durationSeconds > 0 {
            try await generator.on { $0.startSending() }
            try await self.wait(self.settings.warmUpSeconds, generator, "warming up", &report)
            if self.settings.stalled > 0 { try await generator.on { $0.stall() } }
            try await self.measure(generator, &report)
        }
        report.completeness = try await self.settle(generator)
        if self.settings.verifies {
            report.verifiedRooms = self.settings.rooms
            report.differingRooms = try await generator.on { $0.compareWithFreshJoins() }.get()
        }
        let figures = try await generator.on { generator in
            generator.closeAll()
            return (generator.figures, generator.joinedCount)
        }
        report.note(figures.0, joined: figures.1)
        return report
    }

    private func connect(_ generator: LoadGenerator) async throws {
        let future = generator.connect()
        let line = Task {
            while !Task.isCancelled {
                let joined = try await generator.on { $0.joinedCount }
                self.progress("connecting: \(joined) of \(self.settings.rooms * self.settings.clients)")
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        try await future.get()
        // Nothing is drawn behind what follows.
        line.cancel()
        _ = await line.result
    }

    private func measure(_ generator: LoadGenerator, _ report: inout LoadReport) async throws {
        let server = self.serverUsage
        let own = ProcessUsage.own
        let start = ContinuousClock.now
        let before = try await generator.on { $0.beginMeasuring() }
        if self.settings.stalled > 0 {
            try await self.wait(self.settings.stallSeconds, generator, "stalled", &report)
            try await generator.on { $0.resume() }
        }
        let rest = self.settings.durationSeconds - (ContinuousClock.now - start) / .seconds(1)
        try await self.wait(rest, generator, "measuring", &report)
        let after = try await generator.on { generator in
            generator.stopSending()
            return generator.endMeasuring()
        }
        report.note(
            after - before,
            seconds: (ContinuousClock.now - start) / .seconds(1),
            server: (server, self.serverUsage),
            own: (own, .own)
        )
    }

    /// Waits until everything that was sent has come; for a while only, when nothing comes any more.
    private func settle(_ generator: LoadGenerator) async throws -> Completeness {
        var last = Completeness()
        var quiet = 0
        while quiet < 50 {
            let (now, received) = try await generator.on { ($0.completeness, $0.totals.bytesReceived) }
            if now.isSettled { return now }
            self.progress(
                "waiting for \(now.missing) deliveries and \(now.unacknowledged) acks; \(received) bytes came"
            )
            quiet = now == last ? quiet + 1 : 0
            last = now
            try await Task.sleep(for: .milliseconds(100))
        }
        return last
    }

    private func wait(
        _ seconds: Double,
        _ generator: LoadGenerator,
        _ what: String,
        _ report: inout LoadReport
    ) async throws {
        let end = ContinuousClock.now + .seconds(max(0, seconds))
        var last = (time: ContinuousClock.now, delivered: try await generator.on { $0.totals.delivered })
        while ContinuousClock.now < end {
            try await Task.sleep(until: min(end, ContinuousClock.now + .milliseconds(250)), clock: .continuous)
            let delivered = try await generator.on { $0.totals.delivered }
            let passed = (ContinuousClock.now - last.time) / .seconds(1)
            self.progress("\(what): \(Int(Double(delivered - last.delivered) / max(passed, 0.001))) deliveries/s")
            last = (ContinuousClock.now, delivered)
            report.notePeak(self.serverUsage)
        }
    }

    private var serverUsage: ProcessUsage? { self.settings.serverProcess.flatMap { ProcessUsage.of($0) } }
}
