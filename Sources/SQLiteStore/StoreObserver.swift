/// Who counts what the store does.
///
/// Called on the thread that writes.
public protocol StoreObserver: Sendable {
    /// A transaction is on disk.
    ///
    /// - Parameters:
    ///   - entries: how many entries of logs, of all documents, it held.
    ///   - nanoseconds: how long it took.
    func committed(entries: Int, nanoseconds: UInt64)
}
