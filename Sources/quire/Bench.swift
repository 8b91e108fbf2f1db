import ArgumentParser
import EngineBenchmark
import Foundation

/// `quire bench`.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure the engine, or a running server.",
        subcommands: [Engine.self, Inputs.self, Load.self]
    )
}

extension Bench {
    /// `quire bench engine`.
    struct Engine: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure the engine on recorded sessions, and without any.",
            discussion: """
                A trace of one author is replayed locally, remotely and a hundred times over in one document; one of \
                several authors by as many replicas, each of which receives what its author had seen. Every run ends with \
                the recorded text, or the command ends with an error.

                Times are processor time of the one thread that works: the smallest and the median of all runs. Memory is \
                what the C library's allocator has given out. Rows that need no trace come last, as `synthetic`.

                With --json, a line is an object: {"trace", "runs", "measures": [{"name", "unit", "min", "median"}]}.
                """
        )

        @Argument(help: ArgumentHelp("Traces: .json or .json.gz files.", valueName: "trace"))
        var traces: [String] = []

        @Flag(help: "Print one line of JSON for each trace.")
        var json = false

        @Option(help: "How often everything is run.")
        var runs = 7

        @Flag(inversion: .prefixedNo, help: "Measure the rows that need no trace, too.")
        var synthetic = true

        func validate() throws {
            guard (1...10_000).contains(self.runs) else { throw ValidationError("--runs is 1 to 10000.") }
            guard self.synthetic || !self.traces.isEmpty else { throw ValidationError("There is nothing to measure.") }
        }

        func run() throws {
            Bench.warnOfDebugBuild()
            Meter.keepFreedMemory()
            try Bench.reportingErrors {
                // All files are looked at before the first is measured: a spelling mistake should not cost minutes.
                let traces = try self.traces.map { try Bench.read($0) }
                for (path, trace) in zip(self.traces, traces) {
                    do {
                        self.show(try TraceBenchmark.run(trace, named: Bench.name(of: path), runs: self.runs))
                    } catch {
                        throw Trace.Failure(description: "\(path): \(error)")
                    }
                }
                if self.synthetic { self.show(try SyntheticBenchmark.run(runs: self.runs)) }
            }
        }

        private func show(_ report: Report) {
            print(self.json ? report.json : report.text + "\n")
            fflush(nil)
        }
    }

    /// `quire bench inputs`.
    struct Inputs: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print what `quire bench engine` edits as JSON, so that other engines can edit the same.",
            discussion: "One line for each trace, and a last one for the rows that need none."
        )

        @Argument(help: ArgumentHelp("Traces: .json or .json.gz files.", valueName: "trace"))
        var traces: [String] = []

        func run() throws {
            try Bench.reportingErrors {
                for path in self.traces {
                    print(try BenchmarkInputs.json(of: try Bench.read(path), named: Bench.name(of: path)))
                }
                print(try BenchmarkInputs.syntheticJSON())
            }
        }
    }

    // MARK: Files and errors

    private static func read(_ path: String) throws -> Trace {
        guard let file = FileManager.default.contents(atPath: path) else {
            throw Trace.Failure(description: "\(path) cannot be read")
        }
        do {
            return try Trace([UInt8](file))
        } catch {
            throw Trace.Failure(description: "\(path): \(error)")
        }
    }

    /// The file's name without its folder and endings.
    private static func name(of path: String) -> String {
        let file = path.split(separator: "/").last ?? ""
        return file.split(separator: ".").first.map(String.init) ?? path
    }

    private static func reportingErrors(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            FileHandle.standardError.write(Data("quire bench: \(error)\n".utf8))
            throw ExitCode.failure
        }
    }

    private static func warnOfDebugBuild() {
        #if DEBUG
        FileHandle.standardError.write(Data("quire bench: a debug build, whose figures say nothing\n".utf8))
        #endif
    }
}
