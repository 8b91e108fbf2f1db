import EngineBenchmark
import Foundation

/// `repeat-session TRACE ROW...`: runs each row once and nothing else, for tools that count instructions.
///
/// The measured part of a row lies between two calls of `Meter.processorTime()`: the first row's between the first and the
/// second call, the next one's between the third and the fourth.
@main
struct RepeatSession {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count > 2, let file = FileManager.default.contents(atPath: arguments[1]) else {
            fatalError("repeat-session TRACE ROW...")
        }
        do {
            let trace = try Trace([UInt8](file))
            let trials = try TraceBenchmark.trials(trace)
            for row in arguments.dropFirst(2) {
                guard let trial = trials.first(where: { $0.name == row }) else { fatalError("There is no row \(row).") }
                try trial.run(Stopwatch())
            }
            print(trace.spliceCount)
        } catch {
            fatalError("\(error)")
        }
    }
}
