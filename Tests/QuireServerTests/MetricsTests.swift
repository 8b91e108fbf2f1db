import CoreMetrics
import Testing

@testable import QuireServer

@Suite("Metrics")
struct MetricsTests {
    private let registry = MetricsRegistry([
        "requests_total": .init(kind: .counter, help: "Requests,\nby \\ code."),
        "level": .init(kind: .gauge, help: "A level."),
        "latency_seconds": .init(kind: .histogram(bounds: [1_000_000, 10_000_000], scale: 1e-9), help: "How long."),
        "unused": .init(kind: .gauge, help: "Nothing."),
    ])

    @Test("Everything is written as Prometheus reads it, in order, labels escaped")
    func text() {
        let odd = Counter(label: "requests_total", dimensions: [("code", "a\"b\\c\nd")], factory: registry)
        odd.increment(by: 3)
        Counter(label: "requests_total", dimensions: [("code", "OK")], factory: registry).increment()
        Meter(label: "level", factory: registry).set(-7)
        let latency = Timer(label: "latency_seconds", factory: registry)
        for duration in [500_000, 1_000_000, 1_000_001, 20_000_000] as [Int64] { latency.recordNanoseconds(duration) }
        Counter(label: "not_described", factory: registry).increment()
        #expect(
            PrometheusText.write(registry.families()) == #"""
                # HELP latency_seconds How long.
                # TYPE latency_seconds histogram
                latency_seconds_bucket{le="0.001"} 2
                latency_seconds_bucket{le="0.01"} 3
                latency_seconds_bucket{le="+Inf"} 4
                latency_seconds_sum 0.022500001
                latency_seconds_count 4
                # HELP level A level.
                # TYPE level gauge
                level -7
                # HELP requests_total Requests,\nby \\ code.
                # TYPE requests_total counter
                requests_total{code="OK"} 1
                requests_total{code="a\"b\\c\nd"} 3

                """#
        )
    }

    @Test("The same name and labels are one metric, whoever asks for it, from however many threads")
    func concurrency() async {
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = Counter(label: "requests_total", factory: registry)
                    let latency = Timer(label: "latency_seconds", factory: registry)
                    for _ in 0..<10_000 {
                        counter.increment()
                        latency.recordNanoseconds(2_000_000)
                    }
                }
            }
        }
        let families = registry.families()
        guard families.count == 2, case .histogram(let reading) = families[0].samples[0].value,
            case .number(let count) = families[1].samples[0].value
        else {
            Issue.record("\(families)")
            return
        }
        #expect(count == 80_000)
        #expect(reading == .init(buckets: [(0.001, 0), (0.01, 80_000)], count: 80_000, sum: 160))
    }

    @Test("Refusals with a code that is none are one metric, not as many as somebody likes")
    func boundedLabels() {
        let metrics = ServerMetrics()
        for number in 0..<1000 { metrics.refused("MADE_UP_\(number)") }
        metrics.refused("FORBIDDEN")
        let refusals = metrics.registry.families().first { $0.name == "quire_refusals_total" }
        let counts = refusals?.samples.reduce(into: [String: Double]()) { counts, sample in
            if case .number(let number) = sample.value { counts[sample.labels[0].value] = number }
        }
        #expect(counts?["OTHER"] == 1000)
        #expect(counts?["FORBIDDEN"] == 1)
        #expect((counts?.count ?? 0) < 60)
    }
}
