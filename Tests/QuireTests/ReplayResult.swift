import Foundation
import Testing

/// What `quire replay --json` printed.
struct ReplayResult: Decodable {
    let clients: Int
    let patches: Int
    let acknowledgedChanges: Int
    let changesPerSecond: Double
    let seconds: Double
    let reconnects: Int
    let finalLength: Int
    let equal: Bool

    init(_ outcome: QuireProcess.Outcome) throws {
        guard outcome.status == 0 else {
            throw QuireProcess.Failure(
                description: "replay ended with \(outcome.status): \(outcome.errors.suffix(2000))"
            )
        }
        self = try JSONDecoder().decode(ReplayResult.self, from: Data(outcome.output.utf8))
    }
}

/// The recorded sessions that the tests replay.
enum RecordedTrace: String, CaseIterable, CustomTestStringConvertible {
    case automergePaper = "sequential/automerge-paper.json.gz"
    case sveltecomponent = "sequential/sveltecomponent.json.gz"
    case friendsforever = "concurrent/friendsforever.json.gz"

    /// One author in a burst, three that take turns, two at the same time.
    var arguments: [String] {
        switch self {
        case .automergePaper: ["--burst"]
        case .sveltecomponent: ["--clients", "3"]
        case .friendsforever: []
        }
    }

    var clientCount: Int {
        switch self {
        case .automergePaper: 1
        case .sveltecomponent: 3
        case .friendsforever: 2
        }
    }

    var testDescription: String { self.rawValue }

    /// Where the file is.
    func path() throws -> String {
        let folder =
            ProcessInfo.processInfo.environment["QUIRE_TRACES"].map { URL(filePath: $0) }
            ?? URL(filePath: #filePath).appending(path: "../../../../shared/traces").standardizedFileURL
        let file = folder.appending(path: self.rawValue)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw QuireProcess.Failure(
                description: "no trace at \(file.path): set QUIRE_TRACES to the folder of traces"
            )
        }
        return file.path
    }
}
