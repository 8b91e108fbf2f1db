internal import Collaboration

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Musl)
internal import Musl
#else
internal import Glibc
#endif

/// An exclusive lock on a file beside the database, so that two servers never write the same documents.
///
/// SQLite itself would let them: its locks last for a transaction, while a room believes for hours that its memory is
/// newer than the disk. The kernel drops the lock with the process, however that ends; the file stays.
final class FileLock: Sendable {
    let path: String
    private let descriptor: Int32
    private let identity: DatabaseFiles.Identity?

    /// Takes the lock.
    ///
    /// - Throws: `inUse` when somebody has it, `ioFailure` when the file cannot be opened.
    init(path: String) throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StoreError(.ioFailure, "cannot open the lock file \(path) (\(String(cString: strerror(errno))))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            if code == EWOULDBLOCK {
                throw StoreError(.inUse, "another process has the database open (it holds \(path))")
            }
            throw StoreError(.ioFailure, "cannot lock \(path) (\(String(cString: strerror(code))))")
        }
        self.path = path
        self.descriptor = descriptor
        identity = DatabaseFiles.identity(path)
    }

    /// Whether others who look for the lock find this one.
    var isInPlace: Bool { identity != nil && DatabaseFiles.identity(path) == identity }

    /// Notes how many transactions are on disk.
    ///
    /// Not synced, so that it costs nothing: it survives the process, and after a power cut it is too low or gone, which does
    /// no harm.
    func note(_ count: CommitCount) {
        let bytes = count.record
        _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    /// What was noted last, by this process or an earlier one.
    var noted: CommitCount? {
        var bytes = [UInt8](repeating: 0, count: CommitCount.recordByteCount)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        return count == bytes.count ? CommitCount(record: bytes) : nil
    }

    /// Lets go of it before the object goes.
    func unlock() {
        flock(descriptor, LOCK_UN)
    }

    deinit {
        close(descriptor)
    }
}
