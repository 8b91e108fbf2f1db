import CRDT
import Foundation
import Testing

@testable import EngineBenchmark

@Suite("Measuring the engine")
struct EngineBenchmarkTests {
    private func trace(_ json: String) throws -> Trace {
        try Trace(Array(json.utf8))
    }

    private let typed =
        #"{"endContent": "hallo", "txns": [{"patches": [[0, 0, "hello"]]}, {"patches": [[1, 1, "a"]]}]}"#

    @Test("A session of one author gives every row but collaboration, as many samples as runs")
    func sequential() throws {
        let report = try TraceBenchmark.run(self.trace(self.typed), named: "typed", runs: 3)
        #expect(report.trace == "typed")
        #expect(report.figures.allSatisfy { $0.samples.count == 3 })
        #expect(report["whole collaboration"] == nil)
        for name in [
            "local replay", "remote, one change per transaction", "heap of the loaded document",
            "snapshot with history",
        ] {
            #expect(report[name] != nil, "\(name)")
        }
        let size = try #require(report["bytes of such a change"])
        #expect(size.unit == .bytes && size.minimum > 0 && size.minimum == size.median)
    }

    @Test("A session of several authors is made by as many replicas, whoever wins where they wrote at one place")
    func concurrent() throws {
        for end in ["xyab", "yxab"] {
            let trace = try self.trace(
                """
                {"kind": "concurrent", "numAgents": 2, "endContent": "\(end)", "txns": [
                  {"parents": [], "agent": 0, "patches": [[0, 0, "ab"]]},
                  {"parents": [0], "agent": 0, "patches": [[0, 0, "x"]]},
                  {"parents": [0], "agent": 1, "patches": [[0, 0, "y"]]}
                ]}
                """
            )
            let report = try TraceBenchmark.run(trace, named: "two", runs: 1)
            #expect(report["whole collaboration"] != nil)
            #expect(report["local replay"] == nil)
        }
    }

    @Test("A start content and code points beyond the basic plane are replayed, by one author and by two")
    func awkward() throws {
        let one = try self.trace(
            #"""
            {"startContent": "a😀b", "endContent": "A😀é\"z", "txns": [
              {"patches": [[2, 1, "é"]]}, {"patches": [[0, 1, "A"], [3, 0, "\"😁z"], [4, 1, ""]]}, {"patches": []}
            ]}
            """#
        )
        let repeated = try TraceBenchmark.run(one, named: "one", runs: 1)["100 x the session in one document"]
        #expect(repeated != nil)
        let two = try self.trace(
            #"""
            {"numAgents": 2, "endContent": "é😀!b", "txns": [
              {"parents": [], "agent": 0, "patches": [[0, 0, "a😀b"]]},
              {"parents": [0], "agent": 1, "patches": [[2, 0, "!"]]},
              {"parents": [0], "agent": 0, "patches": [[0, 1, "é"]]}
            ]}
            """#
        )
        _ = try TraceBenchmark.run(two, named: "two", runs: 1)
    }

    @Test("A session that does not end in its recorded text is an error that says where")
    func wrongEnd() throws {
        let wrong = try self.trace(self.typed.replacing("hallo", with: "halla"))
        let error = #expect(throws: WrongResult.self) { try TraceBenchmark.run(wrong, named: "wrong", runs: 1) }
        #expect(error?.description.contains("first difference at offset 4") == true)
        let together = try self.trace(
            #"{"numAgents": 1, "endContent": "b", "txns": [{"parents": [], "agent": 0, "patches": [[0, 0, "a"]]}]}"#
        )
        #expect(throws: WrongResult.self) { try TraceBenchmark.run(together, named: "wrong", runs: 1) }
    }

    @Test("A session that edits where its text has no place is an error that names the transaction")
    func outOfBounds() throws {
        let wrong = try self.trace(#"{"endContent": "a", "txns": [{"patches": [[7, 0, "a"]]}]}"#)
        let error = #expect(throws: WrongResult.self) { try TraceBenchmark.run(wrong, named: "wrong", runs: 1) }
        #expect(error?.description.contains("transaction 0") == true)
    }

    @Test("The rows without a trace are measured and verified")
    func synthetic() throws {
        let report = try SyntheticBenchmark.run(runs: 1, scale: 100)
        #expect(report.trace == "synthetic")
        #expect(report.figures.contains { $0.name.hasPrefix("B3.5") })
        #expect(report.figures.contains { $0.unit == .nanoseconds })
    }

    @Test("The inputs of B1 to B3 are the same each time, and written as JSON")
    func inputs() throws {
        let json = try BenchmarkInputs.syntheticJSON()
        #expect(try json == BenchmarkInputs.syntheticJSON())
        #expect(json.contains(#""trace":"synthetic""#))
        let names = CRDTBenchmarks.inputs(count: 50).map { $0.name.prefix(4) }
        #expect(Set(names).count == names.count)
    }

    @Test("A trace is written with its offsets in UTF-16 and what each replica had received")
    func traceInputs() throws {
        let trace = try self.trace(
            #"""
            {"numAgents": 2, "endContent": "😀b", "txns": [
              {"parents": [], "agent": 0, "patches": [[0, 0, "😀"]]},
              {"parents": [0], "agent": 1, "patches": [[1, 0, "b"]]}
            ]}
            """#
        )
        let expected =
            #"{"expected":"😀b","replicas":2,"trace":"t","transactions":"#
            + #"[[0,[],[[0,0,"😀"]]],[1,[0],[[2,0,"b"]]],[0,[1],[]],[1,[],[]]]}"#
        #expect(try BenchmarkInputs.json(of: trace, named: "t") == expected)
    }
}

@Suite("The report of a measurement")
struct ReportTests {
    private func measurement(_ samples: [Double]) -> Figure {
        var measurement = Figure(name: "m", unit: .milliseconds)
        measurement.samples = samples
        return measurement
    }

    @Test("The median is the value in the middle, or the mean of the two")
    func median() {
        #expect(self.measurement([3, 1, 2]).median == 2)
        #expect(self.measurement([4, 1, 3, 2]).median == 2.5)
        #expect(self.measurement([5]).median == 5)
        #expect(self.measurement([3, 1, 2]).minimum == 1)
        #expect(self.measurement([]).median == 0)
    }

    @Test("As JSON it is one line, an object with the trace and its measures")
    func json() throws {
        struct Decoded: Decodable {
            struct Row: Decodable {
                let name, unit: String
                let min, median: Double
            }
            let trace: String
            let runs: Int
            let measures: [Row]
        }
        let report = Report(trace: "t \"1\"", runs: 2, figures: [self.measurement([1.25, 2.25])])
        #expect(!report.json.contains("\n"))
        let decoded = try JSONDecoder().decode(Decoded.self, from: Data(report.json.utf8))
        #expect(decoded.trace == "t \"1\"" && decoded.runs == 2 && decoded.measures.count == 1)
        #expect(decoded.measures.first?.unit == "ms")
        #expect(decoded.measures.first?.min == 1.25 && decoded.measures.first?.median == 1.75)
    }

    @Test("Figures have three digits, large ones all of theirs")
    func figures() {
        #expect(Report.figure(1_234_567) == "1,234,567")
        #expect(Report.figure(123.4) == "123")
        #expect(Report.figure(12.34) == "12.3")
        #expect(Report.figure(1.234) == "1.23")
        #expect(Report.figure(0.1234) == "0.123")
        #expect(Report.figure(0) == "0")
    }

    @Test("The table names each row with its unit")
    func table() {
        let text = Report(trace: "t", runs: 1, figures: [self.measurement([1.5])]).text
        #expect(text.contains("t, 1 runs"))
        #expect(text.split(separator: "\n").last?.hasSuffix("1.50          1.50  ms") == true)
    }
}

@Suite("Who needs what, when")
struct DeliveryScheduleTests {
    @Test("A lane gets what it lacks of a state once, causes first")
    func deliversOnce() {
        var schedule = DeliverySchedule(laneCount: 3)
        for (transaction, lane) in [0, 1, 0, 2, 1].enumerated() { schedule.note(transaction, by: lane) }
        #expect(schedule.deliveries(to: 2, upTo: [0: 1, 1: 1]) == [0, 1])
        #expect(schedule.deliveries(to: 2, upTo: [0: 2, 1: 1]) == [2])
        #expect(schedule.deliveries(to: 2, upTo: [0: 2, 1: 1, 2: 1]) == [])
        #expect(schedule.rest(for: 2) == [4])
        #expect(schedule.rest(for: 0) == [1, 3, 4])
    }
}
