internal import Collaboration
internal import Foundation
internal import GRDB
internal import Synchronization

/// Sees to it that the files of an open database stay what they were, and saves what it can when they do not.
final class FileKeeper: Sendable {
    private let files: DatabaseFiles
    private let lock: Mutex<FileLock>

    init(files: DatabaseFiles, lock: FileLock) {
        self.files = files
        self.lock = Mutex(lock)
    }

    /// The path of the database.
    var path: String { files.path }

    /// The first of the files that was deleted or replaced.
    var missing: DatabaseFiles.Part? { files.missing }

    /// Notes how many transactions are on disk.
    func note(_ count: CommitCount) { lock.withLock { $0.note(count) } }

    /// Lets go of the lock.
    func unlock() { lock.withLock { $0.unlock() } }

    /// Takes the lock again when its file was deleted: by the new file, which the next server will look at.
    ///
    /// - Returns: whether it had been deleted.
    /// - Throws: `inUse` when somebody else was faster, who believes to be alone.
    func renewLock() throws(StoreError) -> Bool {
        try lock.withLock { lock throws(StoreError) in
            if lock.isInPlace { return false }
            lock = try FileLock(path: lock.path)
            return true
        }
    }

    /// Saves what the lost files hold, which the kernel keeps as long as they are open.
    ///
    /// - Returns: what was done, for whoever operates the server.
    func rescue(_ part: DatabaseFiles.Part, from pool: DatabasePool) -> String {
        do {
            if files.isInPlace(.database) {
                // The database is there, and all the rest can be written into it.
                _ = try pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
                try DatabaseFiles.sync(path)
                return "everything is in \(path)"
            }
            let copy = "\(path).rescued-\(Int(Date().timeIntervalSince1970))"
            try pool.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [copy]) }
            try DatabaseFiles.sync(copy)
            if files.exists(.database) { return "what the server held is in \(copy); \(path) is another file" }
            do throws(StoreError) {
                try files.putBack(copy)
                return "everything was written to \(path) again"
            } catch {
                return "what the server held is in \(copy) (\(error.message))"
            }
        } catch {
            return "what the server held could not be saved (\(StoreError(error)))"
        }
    }
}
