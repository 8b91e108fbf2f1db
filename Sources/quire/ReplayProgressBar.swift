import Foundation

/// A line on standard error that is redrawn while a replay runs; nothing when that is not a terminal.
struct ReplayProgressBar {
    private static let width = 30
    private let isShown = isatty(STDERR_FILENO) == 1

    /// Draws until the task is cancelled.
    func run(total: Int, progress: ReplayRun.Progress, recorder: ReplayRecorder) async {
        guard self.isShown else { return }
        let start = ContinuousClock.now
        while !Task.isCancelled {
            let done = progress.done
            let fraction = total == 0 ? 1 : Double(done) / Double(total)
            let filled = Int(fraction * Double(Self.width))
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
            let seconds = max(0.001, (ContinuousClock.now - start) / .seconds(1))
            let rate = Int(Double(done) / seconds)
            self.draw("[\(bar)] \(Int(fraction * 100)) %  \(done)/\(total)  \(rate)/s")
            try? await Task.sleep(for: .milliseconds(100))
        }
        self.draw("")
    }

    private func draw(_ line: String) {
        FileHandle.standardError.write(Data("\r\u{1B}[K\(line)".utf8))
    }
}
