import ArgumentParser
import SQLiteStore
import SocketIOProtocol

/// `quire check`.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read everything that is in the database, and say what is not as it was written.",
        discussion: """
            Also while the server runs. Every row is compared with its checksum, every log with its snapshots, and every document \
            and version is opened with the engine. The exit status is 0 when all is well, 1 when something was found, and 2 when \
            the file cannot be read.
            """
    )

    @OptionGroup
    var database: DatabaseOptions

    @Flag(help: "Print one JSON object: what was read, and the findings.")
    var json = false

    func run() throws {
        try Tool.run {
            let file: DatabaseFile
            do { file = try DatabaseFile(path: database.path) } catch { throw ToolFailure("\(error)", status: 2) }
            var findings: [JSON] = []
            let report: CheckReport
            do {
                report = try file.check { finding in
                    if json { findings.append(Self.object(finding)) } else { print(finding) }
                }
            } catch {
                throw ToolFailure("\(error)", status: 2)
            }
            let counts = Self.counts(report.counts)
            if json {
                let members = counts.map { ($0, JSON.int($1)) } + [("findings", JSON.array(findings))]
                print(String(decoding: JSON.object(JSONObject(members)).serialize(), as: UTF8.self))
            } else {
                print(counts.map { "\($1) \($0)" }.joined(separator: ", "))
                print(report.isSound ? "everything is as it was written" : "\(report.findingCount) findings")
            }
            if !report.isSound { throw ExitCode(1) }
        }
    }

    static func counts(_ counts: CheckReport.Counts) -> [(String, Int)] {
        [
            ("documents", counts.documents), ("changes", counts.changes), ("snapshots", counts.snapshots),
            ("versions", counts.versions), ("roles", counts.roles), ("replies", counts.replies),
            ("revocations", counts.revocations),
            ("webhooks", counts.webhooks), ("quarantined", counts.quarantined),
        ]
    }

    private static func object(_ finding: CheckReport.Finding) -> JSON {
        [
            "document": finding.document.map { .string($0) } ?? .null,
            "item": .string(finding.item),
            "number": finding.number.map { .int(Int($0)) } ?? .null,
            "reason": .string(finding.reason),
        ]
    }
}
