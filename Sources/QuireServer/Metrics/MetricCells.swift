internal import CoreMetrics
import Synchronization

/// A number that only rises, or is set.
final class NumberCell: CounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    /// Whole numbers are added; a number that was set replaces them.
    private let count = Atomic<Int64>(0)

    var value: Double { Double(count.load(ordering: .relaxed)) }

    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { count.store(0, ordering: .relaxed) }

    func set(_ value: Int64) { count.store(value, ordering: .relaxed) }
    func set(_ value: Double) { set(Int64(exactly: value.rounded()) ?? 0) }
    func increment(by amount: Double) { increment(by: Int64(exactly: amount.rounded()) ?? 0) }
    func decrement(by amount: Double) { increment(by: -amount) }

    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }
    func recordNanoseconds(_ duration: Int64) { set(duration) }
}

/// How many values were at most so large, and their sum.
///
/// A reading is not one moment's: a value that is recorded meanwhile may be in the sum and not in a count.
final class HistogramCells: RecorderHandler, TimerHandler {
    /// What was recorded up to a moment.
    struct Reading: Sendable, Equatable {
        /// The upper bounds, in the unit shown, and how many values were at most so large.
        var buckets: [(bound: Double, count: UInt64)]
        var count: UInt64
        var sum: Double

        static func == (one: Self, other: Self) -> Bool {
            one.count == other.count && one.sum == other.sum
                && one.buckets.elementsEqual(other.buckets) { $0.bound == $1.bound && $0.count == $1.count }
        }
    }

    private final class Cell: Sendable {
        let count = Atomic<UInt64>(0)
    }

    private let bounds: [UInt64]
    private let scale: Double
    /// One for each bound, and one for what is larger.
    private let cells: [Cell]
    private let sum = Atomic<UInt64>(0)

    init(bounds: [UInt64], scale: Double) {
        self.bounds = bounds
        self.scale = scale
        cells = (0...bounds.count).map { _ in Cell() }
    }

    var reading: Reading {
        var total: UInt64 = 0
        var buckets: [(bound: Double, count: UInt64)] = []
        for (bound, cell) in zip(bounds, cells) {
            total += cell.count.load(ordering: .relaxed)
            buckets.append((Double(bound) * scale, total))
        }
        total += cells[bounds.count].count.load(ordering: .relaxed)
        return Reading(buckets: buckets, count: total, sum: Double(sum.load(ordering: .relaxed)) * scale)
    }

    func record(_ value: UInt64) {
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        cells[index].count.wrappingAdd(1, ordering: .relaxed)
        sum.wrappingAdd(value, ordering: .relaxed)
    }

    func record(_ value: Int64) { record(UInt64(clamping: value)) }
    func record(_ value: Double) { record(Int64(exactly: value.rounded()) ?? 0) }
    func recordNanoseconds(_ duration: Int64) { record(duration) }
}
