import EngineBenchmark
import Foundation
import Histogram
import QuireClient

/// What a replay prints at its end.
struct ReplayReport: Encodable {
    /// From sending a message of changes to its ack, in microseconds.
    struct Latency: Encodable {
        let p50, p90, p99, p999, max: Double
    }

    let trace: String
    let url: String
    let document: String
    let clients: Int
    let burst: Bool
    let transactions: Int
    let patches: Int
    let acknowledgedChanges: Int
    let seconds: Double
    let changesPerSecond: Double
    let ackLatencyMicroseconds: Latency
    let messages: UInt64
    let bytesSent: UInt64
    let bytesReceived: UInt64
    let reconnects: Int
    let finalLength: Int
    let equal: Bool

    init(trace name: String, run: ReplayRun, seconds: Double, statistics: [ConnectionStatistics]) {
        let figures = run.recorder.current
        func microseconds(_ percentile: Double) -> Double {
            Double(figures.latency.valueAtPercentile(percentile)) / 1000
        }
        self.trace = name
        self.url = run.settings.url
        self.document = run.settings.document
        self.clients = statistics.count
        self.burst = run.settings.isBurst
        self.transactions = run.trace.transactions.count
        self.patches = run.trace.spliceCount
        self.acknowledgedChanges = figures.acknowledgedChanges
        self.seconds = seconds
        self.changesPerSecond = Double(figures.acknowledgedChanges) / max(seconds, 1e-9)
        self.ackLatencyMicroseconds = Latency(
            p50: microseconds(50),
            p90: microseconds(90),
            p99: microseconds(99),
            p999: microseconds(99.9),
            max: Double(figures.latency.max) / 1000
        )
        self.messages = statistics.reduce(0) { $0 + $1.eventsSent }
        self.bytesSent = statistics.reduce(0) { $0 + $1.bytesSent }
        self.bytesReceived = statistics.reduce(0) { $0 + $1.bytesReceived }
        self.reconnects = statistics.reduce(0) { $0 + $1.reconnects }
        self.finalLength = run.trace.end.count
        self.equal = true
    }

    /// One line of JSON.
    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    /// Lines for people.
    var text: String {
        func rounded(_ value: Double, _ digits: Int = 0) -> String {
            String(format: "%.\(digits)f", value)
        }
        let latency = self.ackLatencyMicroseconds
        return """
            \(self.trace): \(self.transactions) transactions, \(self.patches) patches, \(self.clients) clients\
            \(self.burst ? ", burst" : "")
            equal everywhere: every client, the server over HTTP and the trace (\(self.finalLength) UTF-16 code units)
            \(rounded(self.seconds, 2)) s, \(rounded(self.changesPerSecond)) acknowledged changes/s
            ack latency: p50 \(rounded(latency.p50)) us, p90 \(rounded(latency.p90)) us, p99 \(rounded(latency.p99)) us, \
            p99.9 \(rounded(latency.p999)) us, max \(rounded(latency.max)) us
            \(self.messages) messages, \(self.bytesSent) bytes sent, \(self.bytesReceived) bytes received, \
            \(self.reconnects) reconnects
            """
    }
}
