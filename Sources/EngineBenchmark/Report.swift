import Foundation

/// One figure of a report: what was measured in every run.
public struct Figure: Sendable {
    /// What was measured.
    public let name: String
    /// What it is counted in.
    public let unit: Unit
    /// One value a run.
    public internal(set) var samples: [Double] = []

    /// What figures are counted in.
    public enum Unit: String, Sendable {
        /// Milliseconds of processor time.
        case milliseconds = "ms"
        /// Nanoseconds of processor time.
        case nanoseconds = "ns"
        /// Bytes.
        case bytes = "B"
    }

    /// The smallest value: for times, the one that other work on the machine disturbed least.
    public var minimum: Double { self.samples.min() ?? 0 }

    /// The value in the middle; of an even number the mean of the two.
    public var median: Double {
        let sorted = self.samples.sorted()
        guard let last = sorted.last else { return 0 }
        let middle = sorted.count / 2
        if sorted.count % 2 == 1 { return sorted[middle] }
        return middle == 0 ? last : (sorted[middle - 1] + sorted[middle]) / 2
    }
}

/// Everything that was measured on one trace, or without any.
public struct Report: Sendable {
    /// The trace's name, or `synthetic`.
    public let trace: String
    /// How often everything was run.
    public let runs: Int
    /// The figures, in the order of the table.
    public internal(set) var figures: [Figure]

    /// A measurement by its name.
    public subscript(_ name: String) -> Figure? {
        self.figures.first { $0.name == name }
    }

    /// One line of JSON: an object with the trace, the runs and the measures.
    public var json: String {
        struct Row: Encodable {
            let name, unit: String
            let min, median: Double
        }
        struct Whole: Encodable {
            let trace: String
            let runs: Int
            let measures: [Row]
        }
        /// Six digits are more than any measurement has.
        func rounded(_ value: Double) -> Double {
            (value * 1e6).rounded() / 1e6
        }
        let rows = self.figures.map {
            Row(name: $0.name, unit: $0.unit.rawValue, min: rounded($0.minimum), median: rounded($0.median))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(Whole(trace: self.trace, runs: self.runs, measures: rows)) else {
            return "{}"
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// A table for people.
    public var text: String {
        let width = max(30, self.figures.map(\.name.count).max() ?? 0)
        func column(_ text: String) -> String {
            String(repeating: " ", count: max(0, 14 - text.count)) + text
        }
        var lines = ["\(self.trace), \(self.runs) runs"]
        func line(_ name: String, _ minimum: String, _ median: String, _ unit: String) {
            let padding = String(repeating: " ", count: width - name.count)
            lines.append("  \(name)\(padding)\(column(minimum))\(column(median))  \(unit)")
        }
        line("", "min", "median", "")
        for row in self.figures {
            line(row.name, Self.figure(row.minimum), Self.figure(row.median), row.unit.rawValue)
        }
        return lines.joined(separator: "\n")
    }

    /// Three significant digits, and all digits of what is larger.
    static func figure(_ value: Double) -> String {
        switch value {
        case 100...: return Self.grouped(Int(value.rounded()))
        case 10..<100: return String(format: "%.1f", value)
        case 1..<10: return String(format: "%.2f", value)
        default: return value == 0 ? "0" : String(format: "%.3f", value)
        }
    }

    private static func grouped(_ value: Int) -> String {
        var digits = Array(String(value))
        var place = digits.count - 3
        while place > 0 {
            digits.insert(",", at: place)
            place -= 3
        }
        return String(digits)
    }
}
