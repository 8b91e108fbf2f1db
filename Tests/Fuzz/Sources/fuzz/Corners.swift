import Foundation
import Histories

/// How the CPU time of each corner grows with its size: 2 is in proportion, 4 would be the square.
///
/// `--target corners`, at `--iterations` percent of the full sizes.
func runCorners(percent: Int) {
    print("corner, size, CPU ms at half of it, CPU ms, growth, MiB resident at the peak")
    var failed = 0
    for corner in Corner.all {
        let size = max(2, corner.fullSize / 100 * percent)
        do {
            let half = try milliseconds { try corner.run(size / 2) }
            let full = try milliseconds { try corner.run(size) }
            let growth = String(format: "%.2f", full / max(half, 0.001))
            let times = String(format: "%.1f, %.1f", half, full)
            print("\(corner.name), \(size), \(times), \(growth), \(peakMebibytes())")
        } catch {
            print("\(corner.name), \(size): \(error)")
            failed += 1
        }
        fflush(nil)
    }
    exit(failed == 0 ? 0 : 1)
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
