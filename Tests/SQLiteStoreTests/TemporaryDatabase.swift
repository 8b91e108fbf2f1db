import Collaboration
import Foundation
import Logging
import SQLiteStore

/// A folder for one test's database, gone when the test is.
final class TemporaryDatabase: Sendable {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "quire-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// The database file.
    var path: String { folder.appending(path: "quire.sqlite").path }

    /// Opens it.
    func open(queueByteCount: Int = 64 << 20) throws(StoreError) -> SQLiteStore {
        var configuration = SQLiteStore.Configuration(path: path)
        configuration.queueByteCount = queueByteCount
        return try SQLiteStore(
            configuration: configuration,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// The files as they are now, in a folder of their own: what a power cut would leave.
    func copy() throws -> TemporaryDatabase {
        let copy = try TemporaryDatabase()
        for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: path + suffix) {
            try FileManager.default.copyItem(atPath: path + suffix, toPath: copy.path + suffix)
        }
        return copy
    }
}
