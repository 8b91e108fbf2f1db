internal import Collaboration
internal import Foundation
internal import GRDB

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Musl)
internal import Musl
#else
internal import Glibc
#endif

extension DatabaseFile {
    /// Copies the database, page by page, as it is at one instant; whoever writes to it meanwhile is not held up.
    ///
    /// The copy is one file, in no need of a log beside it. It is made under another name, is on disk before it gets its own,
    /// and so is whole wherever it is found.
    ///
    /// - Parameters:
    ///   - target: the copy.
    ///   - replaces: whether a file that is there is replaced.
    ///   - examine: gets the path of the copy before it has its name; what it throws undoes the copy.
    /// - Returns: its bytes.
    /// - Throws: `conflict` when there is such a file, `ioFailure` when it cannot be written; what `examine` throws.
    public func backUp(
        to target: String,
        replaces: Bool,
        examine: (_ path: String) throws -> Void = { _ in }
    ) throws -> Int {
        if !replaces, FileManager.default.fileExists(atPath: target) {
            throw StoreError(.conflict, "\(target) is there already")
        }
        for part in DatabaseFiles.Part.allCases {
            // Also by another name of it: a server would find its file replaced.
            guard let own = DatabaseFiles.identity(path + part.rawValue) else { continue }
            guard DatabaseFiles.identity(target) != own else {
                throw StoreError(.conflict, "\(target) is the database itself")
            }
        }
        // Two that run at once do not meet.
        let partial = "\(target).partial-\(getpid())"
        do {
            try Self.makeEmpty(partial)
            try copy(to: partial)
            try examine(partial)
            try Self.sync(partial)
        } catch {
            for ending in ["", "-journal", "-wal", "-shm"] { unlink(partial + ending) }
            throw error
        }
        guard rename(partial, target) == 0 else {
            let failure = Self.failure("\(partial) cannot be renamed")
            unlink(partial)
            throw failure
        }
        let folder = (target as NSString).deletingLastPathComponent
        try Self.sync(folder.isEmpty ? "." : folder)
        let attributes = try? FileManager.default.attributesOfItem(atPath: target)
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0
    }

    private func copy(to path: String) throws(StoreError) {
        do {
            let copy = try DatabaseQueue(path: path)
            // In one step: a backup in several begins anew whenever somebody writes in between, and may never end.
            try queue.backup(to: copy)
            try copy.writeWithoutTransaction { database in
                guard try String.fetchOne(database, sql: "PRAGMA journal_mode = DELETE") == "delete" else {
                    throw StoreError(.ioFailure, "\(path) does not do without a log beside it")
                }
            }
            try copy.close()
        } catch {
            throw StoreError(error)
        }
    }

    /// Makes an empty file that only its owner can read, as documents may be private.
    private static func makeEmpty(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("\(path) cannot be written") }
        close(descriptor)
    }

    /// Waits until a file, or what a folder says of its files, is on disk.
    private static func sync(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("\(path) cannot be opened") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("\(path) cannot be synced") }
    }

    private static func failure(_ text: String) -> StoreError {
        StoreError(.ioFailure, "\(text) (\(String(cString: strerror(errno))))")
    }
}
