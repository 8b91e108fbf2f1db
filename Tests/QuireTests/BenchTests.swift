import Foundation
import Testing

/// `quire bench` as a process.
@Suite("Measuring the engine from the command line")
struct BenchTests {
    private struct Report: Decodable {
        struct Row: Decodable {
            let name, unit: String
            let min, median: Double
        }

        let trace: String
        let measures: [Row]
    }

    private func bench(_ arguments: [String], in folder: TemporaryFolder) async throws -> QuireProcess.Outcome {
        try await QuireProcess(["bench"] + arguments, name: "bench-\(UUID().uuidString)", in: folder)
            .waitForExit(seconds: 120)
    }

    private func write(_ json: String, as name: String, in folder: TemporaryFolder) throws -> String {
        let path = folder.path(name)
        try Data(json.utf8).write(to: URL(filePath: path))
        return path
    }

    @Test("Traces of both formats are measured, one line of JSON each")
    func measures() async throws {
        let folder = try TemporaryFolder()
        let one = try self.write(
            #"{"startContent": "", "endContent": "hallo", "txns": [{"patches": [[0, 0, "hello"], [1, 1, "a"]]}]}"#,
            as: "one.json",
            in: folder
        )
        let two = try self.write(
            #"""
            {"numAgents": 2, "endContent": "abc", "txns": [
              {"parents": [], "agent": 0, "patches": [[0, 0, "a"]]},
              {"parents": [0], "agent": 1, "patches": [[1, 0, "bc"]]}
            ]}
            """#,
            as: "two.json",
            in: folder
        )
        let arguments = ["engine", one, two, "--json", "--runs", "2", "--no-synthetic"]
        let outcome = try await self.bench(arguments, in: folder)
        try #require(outcome.status == 0, "\(outcome.errors)")
        let reports = try outcome.output.split(separator: "\n").map {
            try JSONDecoder().decode(Report.self, from: Data($0.utf8))
        }
        #expect(reports.map(\.trace) == ["one", "two"])
        #expect(reports[0].measures.contains { $0.name == "local replay" && $0.unit == "ms" && $0.min <= $0.median })
        #expect(reports[1].measures.contains { $0.name == "whole collaboration" && $0.min > 0 })

        let table = try await self.bench(["engine", one, "--runs", "1", "--no-synthetic"], in: folder)
        #expect(table.output.contains("one, 1 runs"), "\(table.output)")
    }

    @Test("A trace that is missing, broken, or ends otherwise is an error that names the file")
    func refuses() async throws {
        let folder = try TemporaryFolder()
        let missing = try await self.bench(["engine", folder.path("none.json"), "--no-synthetic"], in: folder)
        #expect(missing.status == 1)
        #expect(missing.errors.contains("none.json cannot be read"), "\(missing.errors)")

        let broken = try self.write(#"{"endContent": "a", "txns": [{"patches": [[0, 0"#, as: "broken.json", in: folder)
        let refused = try await self.bench(["engine", broken, "--no-synthetic"], in: folder)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("broken.json: no trace"), "\(refused.errors)")

        let text = #"{"startContent": "", "endContent": "abd", "txns": [{"patches": [[0, 0, "abc"]]}]}"#
        let wrong = try self.write(text, as: "wrong.json", in: folder)
        let differs = try await self.bench(["engine", wrong, "--no-synthetic", "--runs", "1"], in: folder)
        #expect(differs.status == 1)
        #expect(differs.errors.contains("first difference at offset 2"), "\(differs.errors)")
        #expect(differs.output.isEmpty)
    }
}
