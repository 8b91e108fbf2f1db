import Benchmark
import EngineBenchmark
import Foundation

/// The rows of `quire bench engine` as suites: time and throughput of each, on the traces of `QUIRE_TRACES`, else of
/// `../shared/traces`, and without any.
let benchmarks: @Sendable () -> Void = {
    Meter.keepFreedMemory()
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .cpuTotal, .throughput],
        maxDuration: .seconds(2),
        maxIterations: 100
    )
    do {
        for path in try traces() {
            let name = URL(filePath: path).lastPathComponent.prefix { $0 != "." }
            let trace = try Trace([UInt8](Data(contentsOf: URL(filePath: path))))
            register(try TraceBenchmark.trials(trace), prefix: "\(name): ")
        }
        register(try SyntheticBenchmark.trials(), prefix: "")
    } catch {
        fatalError("The suites cannot be set up: \(error)")
    }
}

/// One benchmark for each trial that measures time; what surrounds the measured part does not count.
func register(_ trials: [Trial], prefix: String) {
    for trial in trials where trial.isTimed {
        Benchmark(prefix + trial.name) { benchmark in
            let stopwatch = Stopwatch(
                willStart: { benchmark.startMeasurement() },
                didStop: { benchmark.stopMeasurement() }
            )
            do {
                try trial.run(stopwatch)
            } catch {
                benchmark.error("\(error)")
            }
        }
    }
}

/// All traces of the folder, by name.
func traces() throws -> [String] {
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let folder =
        ProcessInfo.processInfo.environment["QUIRE_TRACES"]
        ?? package.appending(path: "../../shared/traces").standardizedFileURL.path
    var paths: [String] = []
    for kind in ["sequential", "concurrent"] {
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(kind)")
        paths += files.filter { $0.contains(".json") }.sorted().map { "\(folder)/\(kind)/\($0)" }
    }
    return paths
}
