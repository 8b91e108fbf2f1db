import GRDB

extension TemporaryDatabase {
    /// Reads beside the store.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await access(body)
    }

    /// Writes beside the store, as a bad disk would.
    func write(_ body: @escaping @Sendable (Database) throws -> Void) async throws {
        try await access(body)
    }

    private func access<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let value = try await queue.writeWithoutTransaction(body)
        try queue.close()
        return value
    }
}
