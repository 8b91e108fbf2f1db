import Foundation
import Histories

/// More than this per doubling is not in proportion: 2 is, 2.83 is size^1.5, 4 would be the square.
private let growthBound = 2.8

/// How the CPU time of each corner grows with its size: over two doublings, which steps at some size (a cache that is full, an
/// array that moves) mislead less than one.
///
/// `--target corners`, at `--iterations` percent of the full sizes. Growth above the bound is measured up to three times more,
/// because other work on the machine may be what it shows; the least counts.
func runCorners(percent: Int) {
    print("corner, size, CPU ms at a quarter of it, CPU ms, growth a doubling, MiB resident at the peak")
    let start = ContinuousClock.now
    var failed = 0
    for corner in Corner.all {
        let size = max(4, corner.fullSize / 100 * percent)
        do {
            var growth = try measure(corner, size)
            for _ in 0..<3 where growth > growthBound { growth = min(growth, try measure(corner, size)) }
            if growth > growthBound {
                print("\(corner.name): grows by more than \(growthBound) a doubling")
                failed += 1
            }
        } catch {
            print("\(corner.name), \(size): \(error)")
            failed += 1
        }
        fflush(nil)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let outcome = failed == 0 ? "all in proportion" : "\(failed) failed"
    print("corners: \(Corner.all.count) at \(percent) percent of their sizes, \(seconds) s, \(outcome)")
    exit(failed == 0 ? 0 : 1)
}

/// The growth per doubling, which is printed.
private func measure(_ corner: Corner, _ size: Int) throws -> Double {
    let quarter = try milliseconds { try corner.run(size / 4) }
    let full = try milliseconds { try corner.run(size) }
    let growth = (full / max(quarter, 0.001)).squareRoot()
    let figures = String(format: "%.1f, %.1f, %.2f", quarter, full, growth)
    print("\(corner.name), \(size), \(figures), \(peakMebibytes())")
    return growth
}

/// The CPU time of the fastest of three runs.
private func milliseconds(_ work: () throws -> Void) rethrows -> Double {
    var best = Double.infinity
    for _ in 0..<3 {
        let start = clock()
        try work()
        best = min(best, Double(clock() - start) / Double(CLOCKS_PER_SEC) * 1000)
    }
    return best
}

/// As the kernel counts it; 0 where there is no such file.
private func peakMebibytes() -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
        let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
    else { return 0 }
    return (Int(line.filter(\.isNumber)) ?? 0) / 1024
}
