internal import CoreMetrics
import Synchronization

/// The backend of swift-metrics that `/metrics` reads: what was counted since the start, by name and labels.
///
/// Counting is an atomic addition; only making a metric, and reading all of them, takes the lock. Make them once.
final class MetricsRegistry: Sendable {
    /// What a name stands for.
    enum Kind: Sendable {
        case counter
        case gauge
        /// Counts of values up to bounds, which are in the unit of what is recorded; `scale` makes it the unit shown.
        case histogram(bounds: [UInt64], scale: Double)
    }

    /// What all metrics of one name have in common.
    struct Description: Sendable {
        var kind: Kind
        var help: String
    }

    /// The values of one name and one set of labels.
    enum Value: Sendable {
        case number(Double)
        case histogram(HistogramCells.Reading)
    }

    struct Sample: Sendable {
        var labels: [Label]
        var value: Value
    }

    struct Label: Hashable, Sendable {
        var name: String
        var value: String
    }

    /// A name with its samples, as it is shown.
    struct Family: Sendable {
        var name: String
        var description: Description
        var samples: [Sample]
    }

    private enum Cells: Sendable {
        case number(NumberCell)
        case histogram(HistogramCells)
    }

    private let descriptions: [String: Description]
    private let metrics = Mutex<[String: [[Label]: Cells]]>([:])

    /// A registry of the metrics described; others it takes are counted, and not shown.
    init(_ descriptions: [String: Description]) {
        self.descriptions = descriptions
    }

    /// Everything that was counted, in the order of names and labels.
    func families() -> [Family] {
        let metrics = metrics.withLock { $0 }
        return metrics.keys.sorted().compactMap { name in
            guard let description = descriptions[name], let series = metrics[name] else { return nil }
            let samples = series.map { labels, cells in
                switch cells {
                case .number(let cell): Sample(labels: labels, value: .number(cell.value))
                case .histogram(let cells): Sample(labels: labels, value: .histogram(cells.reading))
                }
            }
            let sorted = samples.sorted { $0.labels.lexicographicallyPrecedes($1.labels) { $0.value < $1.value } }
            return Family(name: name, description: description, samples: sorted)
        }
    }

    private func cells(_ label: String, _ dimensions: [(String, String)]) -> Cells {
        let labels = dimensions.map { Label(name: $0.0, value: $0.1) }
        return metrics.withLock { metrics in
            if let known = metrics[label]?[labels] { return known }
            let made: Cells =
                if case .histogram(let bounds, let scale) = descriptions[label]?.kind {
                    .histogram(HistogramCells(bounds: bounds, scale: scale))
                } else {
                    .number(NumberCell())
                }
            metrics[label, default: [:]][labels] = made
            return made
        }
    }
}

extension MetricsRegistry: MetricsFactory {
    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        if case .number(let cell) = cells(label, dimensions) { cell } else { NumberCell() }
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        if case .number(let cell) = cells(label, dimensions) { cell } else { NumberCell() }
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        switch cells(label, dimensions) {
        case .number(let cell): cell
        case .histogram(let cells): cells
        }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        switch cells(label, dimensions) {
        case .number(let cell): cell
        case .histogram(let cells): cells
        }
    }

    // What was counted stays: a counter that disappears looks like a restart.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}
