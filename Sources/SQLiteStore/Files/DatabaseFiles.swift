internal import Collaboration

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Musl)
internal import Musl
#else
internal import Glibc
#endif

/// The files of an open database, to notice when somebody deletes one or puts another in its place.
///
/// The kernel lets both happen under an open file: everything goes on as before, into a file that nobody will ever find
/// again. So nothing is acknowledged before the names were looked at once more; that takes a microsecond.
struct DatabaseFiles: Sendable {
    /// One of the files.
    enum Part: String, Sendable, CaseIterable {
        /// The database.
        case database = ""
        /// The write-ahead log.
        case log = "-wal"
        /// Its index, which is also where SQLite's locks are.
        case index = "-shm"
    }

    /// Which file a name stands for.
    struct Identity: Hashable, Sendable {
        var device: UInt64
        var number: UInt64
    }

    let path: String
    private var known: [Part: Identity] = [:]

    /// Remembers what the names stand for now; call when SQLite has all of them open.
    init(path: String) throws(StoreError) {
        self.path = path
        for part in Part.allCases {
            guard let identity = Self.identity(path + part.rawValue) else {
                throw Self.failure("cannot find \(path + part.rawValue)")
            }
            known[part] = identity
        }
    }

    /// The path without symbolic links, as SQLite names the files beside the database by that.
    ///
    /// A file that is not there is made, empty, as a link may lead to it.
    static func resolved(_ path: String) -> String {
        if identity(path) == nil {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            if descriptor >= 0 { close(descriptor) }
        }
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The first whose name stands for nothing or for another file now.
    var missing: Part? { Part.allCases.first { !isInPlace($0) } }

    /// Whether the name still stands for what it stood for.
    func isInPlace(_ part: Part) -> Bool { Self.identity(path + part.rawValue) == known[part] }

    /// Whether there is any file of the name.
    func exists(_ part: Part) -> Bool { Self.identity(path + part.rawValue) != nil }

    /// Which file a name stands for; `nil` when for none.
    static func identity(_ path: String) -> Identity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Identity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
    }

    /// Makes a file's content, and its folder's list of names, survive the death of the machine.
    static func sync(_ path: String) throws(StoreError) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? "."
        for each in [path, folder] {
            let descriptor = open(each, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw failure("cannot open \(each)") }
            defer { close(descriptor) }
            guard fsync(descriptor) == 0 else { throw failure("cannot sync \(each)") }
        }
    }

    /// Gives a file the name of the database, unless something else has that meanwhile.
    ///
    /// What is left of the log belongs to the file that is gone: SQLite would read it into this one.
    func putBack(_ copy: String) throws(StoreError) {
        for part in [Part.log, .index] where exists(part) {
            guard isInPlace(part) else { throw StoreError(.ioFailure, "\(path + part.rawValue) is another file") }
            guard unlink(path + part.rawValue) == 0 else { throw Self.failure("cannot remove \(path + part.rawValue)") }
        }
        guard link(copy, path) == 0 else { throw Self.failure("cannot give the copy the name \(path)") }
        unlink(copy)
        try Self.sync(path)
    }

    private static func failure(_ text: String) -> StoreError {
        StoreError(.ioFailure, "\(text) (\(String(cString: strerror(errno))))")
    }
}
