/// Something that is run several times, and gives one value in each run for each of its rows.
public struct Trial {
    /// A row of the report.
    struct Row {
        let name: String
        let unit: Figure.Unit
    }

    let rows: [Row]
    let measure: (Stopwatch) throws -> [Double]

    /// A trial that gives several values in one run.
    init(_ rows: [Row], measure: @escaping (Stopwatch) throws -> [Double]) {
        self.rows = rows
        self.measure = measure
    }

    /// A trial of one row.
    init(_ name: String, _ unit: Figure.Unit, measure: @escaping (Stopwatch) throws -> Double) {
        self.init([Row(name: name, unit: unit)]) { [try measure($0)] }
    }

    /// What is the same in every run.
    init(_ name: String, _ unit: Figure.Unit, constant: Double) {
        self.init([Row(name: name, unit: unit)]) { _ in [constant] }
    }

    /// The name of its first row.
    public var name: String { self.rows.first?.name ?? "" }

    /// Whether it measures time.
    public var isTimed: Bool { self.rows.first?.unit != .bytes }

    /// Runs it once, for somebody who measures along.
    ///
    /// - Throws: ``WrongResult`` when the result is wrong.
    public func run(_ stopwatch: Stopwatch) throws {
        _ = try self.measure(stopwatch)
    }

    /// Runs each trial `runs` times, one trial after the other, as the rivals' programs do: caches and predictors are warm in
    /// all runs but the first.
    ///
    /// - Throws: what a trial throws, among it that a result is wrong.
    static func run(_ trials: [Trial], of trace: String, runs: Int) throws -> Report {
        var figures: [Figure] = []
        for trial in trials {
            var rows = trial.rows.map { Figure(name: $0.name, unit: $0.unit) }
            for _ in 0..<runs {
                for (row, value) in try trial.measure(Stopwatch()).enumerated() { rows[row].samples.append(value) }
            }
            figures += rows
        }
        return Report(trace: trace, runs: runs, figures: figures)
    }
}

/// The engine did not do what the recording says.
public struct WrongResult: Error, CustomStringConvertible {
    /// What is wrong, in one line.
    public let description: String

    /// Compares a text with what it should be.
    static func check(_ text: [UInt16], _ expected: [UInt16], _ what: String) throws(WrongResult) {
        guard text != expected else { return }
        let place = zip(text, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        throw WrongResult(
            description: """
                \(what): the text is not the recorded one: \(text.count) UTF-16 code units instead of \
                \(expected.count), first difference at offset \(place ?? min(text.count, expected.count))
                """
        )
    }
}
