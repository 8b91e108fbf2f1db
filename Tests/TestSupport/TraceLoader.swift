import Foundation

/// A recorded editing session of `../shared/traces`: gzipped JSON of one author or of several.
///
/// The folder is taken from `QUIRE_TRACES`, else it is `../shared/traces` beside the package.
public struct Trace: Sendable, Decodable {
    /// One splice.
    ///
    /// Positions count Unicode code points.
    public struct Patch: Sendable, Decodable {
        /// Where, in code points.
        public var position: Int
        /// How many code points are deleted.
        public var deleted: Int
        /// What is inserted.
        public var inserted: String

        /// Reads `[position, deleted, inserted]`.
        public init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            position = try values.decode(Int.self)
            deleted = try values.decode(Int.self)
            inserted = try values.decode(String.self)
        }
    }

    /// Splices that one author made together.
    public struct Transaction: Sendable, Decodable {
        /// The transactions whose merger this one was made on; `nil` in a sequential trace.
        public var parents: [Int]?
        /// Who made it; `nil` in a sequential trace.
        public var agent: Int?
        /// What was done.
        public var patches: [Patch]
    }

    /// The text at the beginning; concurrent traces start empty.
    public var startContent: String?
    /// The text at the end.
    public var endContent: String
    /// How many authors; `nil` in a sequential trace.
    public var numAgents: Int?
    /// What was done, in an order in which causes come first.
    public var txns: [Transaction]

    /// All splices of a sequential trace.
    public var patches: [Patch] { txns.flatMap(\.patches) }
}

/// Finds and reads traces.
public enum TraceLoader {
    /// Why a trace cannot be read.
    public struct Failure: Error, CustomStringConvertible {
        /// What is wrong, and what to do.
        public var description: String
    }

    /// The folder of the traces.
    ///
    /// - Throws: when there is none.
    private static func folder() throws -> URL {
        let package = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path = ProcessInfo.processInfo.environment["QUIRE_TRACES"]
        let folder = path.map { URL(fileURLWithPath: $0) } ?? package.appending(path: "../shared/traces").standardized
        guard FileManager.default.fileExists(atPath: folder.path) else {
            throw Failure(description: "No traces at \(folder.path). Set QUIRE_TRACES to the folder that has them.")
        }
        return folder
    }

    /// Reads a trace, such as `sequential/automerge-paper`.
    ///
    /// - Throws: when there is no such trace or it cannot be read.
    public static func load(_ name: String) throws -> Trace {
        let file = try folder().appending(path: name + ".json.gz")
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw Failure(description: "No trace at \(file.path).")
        }
        return try JSONDecoder().decode(Trace.self, from: gunzip(file))
    }

    /// Foundation cannot unpack gzip; every system this runs on has the program.
    private static func gunzip(_ file: URL) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", file.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "gzip could not unpack \(file.path).")
        }
        return data
    }
}
