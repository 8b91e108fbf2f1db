public import Collaboration
public import Logging

/// A `DocumentStore` in one SQLite file.
public final class SQLiteStore: Sendable {
    /// How to open the file.
    public struct Configuration: Sendable {
        /// The file; created when absent. `path` + `.lock` is held locked while the store is open.
        public var path: String
        /// How many bytes may wait to be written before `append` is refused.
        public var queueByteCount = 64 << 20

        /// The defaults for a file.
        public init(path: String) { self.path = path }
    }

    /// Opens the file, or makes it; blocks meanwhile (start-up only).
    ///
    /// - Throws: `inUse` when another process has it open, `ioFailure` when it cannot be opened or is no database.
    public init(configuration: Configuration, logger: Logger) throws(StoreError) {
        fatalError("phase 1")
    }
}
