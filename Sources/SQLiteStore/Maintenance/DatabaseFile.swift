public import Collaboration
internal import Foundation
internal import GRDB

/// A database opened for reading only, also while a server writes to it.
///
/// What it does blocks; it is for tools, not for the server.
public struct DatabaseFile: Sendable {
    /// Where it is.
    public let path: String

    /// One connection, so that all that is read in one go is of one instant.
    let queue: DatabaseQueue

    /// Opens a file that is there.
    ///
    /// - Throws: `ioFailure` when it cannot be read or its tables are of another version of Quire, `damaged` when it is no
    ///   database.
    public init(path: String) throws(StoreError) {
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw StoreError(.ioFailure, "\(path) cannot be read")
        }
        self.path = path
        var configuration = GRDB.Configuration()
        configuration.label = "quire tools"
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { $0.add(function: Checksum.function) }
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.read { database in
                guard try database.tableExists("grdb_migrations") else {
                    throw StoreError(.ioFailure, "\(path) is no database of Quire")
                }
                guard try !Schema.migrator.hasBeenSuperseded(database) else {
                    throw StoreError(.ioFailure, "\(path) was written by a later version of quire; update this one")
                }
                guard try Schema.migrator.hasCompletedMigrations(database) else {
                    throw StoreError(
                        .ioFailure,
                        "\(path) was written by an earlier version of quire; start `quire serve` on it once, which migrates it"
                    )
                }
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(error)
        }
    }

    /// A document as it was stored; `nil` when there is none of the name.
    ///
    /// - Throws: `damaged` when it cannot be given back whole.
    public func document(_ id: DocumentID) throws(StoreError) -> StoredDocument? {
        let outcome = try read { database in
            var loader = Loader(id)
            return try loader.load(in: database)
        }
        switch outcome {
        case .unknown, .notRetained: return nil
        case .found(let document, _): return document
        case .lost(let damaged): throw StoreError(.damaged, damaged.map(\.reason).joined(separator: "; "))
        }
    }

    /// The names of documents, in their order, at most `limit`, those after `after` only.
    public func names(after: DocumentID?, limit: Int) throws(StoreError) -> [DocumentID] {
        try read { database in
            try String.fetchAll(
                database,
                sql: "SELECT name FROM documents WHERE name > ? ORDER BY name LIMIT ?",
                arguments: [after?.rawValue ?? "", limit]
            )
            .compactMap(DocumentID.init)
        }
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        do {
            return try queue.read(body)
        } catch {
            throw StoreError(error)
        }
    }
}
