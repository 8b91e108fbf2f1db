/// Lets only a few requests replay documents at a time.
///
/// A replay takes memory for a whole document and a thread for as long as it is long; rooms must not wait for those.
actor ReplayGate {
    /// How many at a time.
    static let width = 2
    /// How many may wait; more are refused with `BUSY`.
    static let queueLimit = 64

    private var running = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Runs `body` when it is its turn.
    nonisolated func pass<Value>(
        _ body: () async throws -> Value
    ) async throws -> Value {
        try await enter()
        do {
            let value = try await body()
            await leave()
            return value
        } catch {
            await leave()
            throw error
        }
    }

    private func enter() async throws(RequestError) {
        if running < Self.width {
            running += 1
            return
        }
        guard waiting.count < Self.queueLimit else {
            throw RequestError(.busy, "too many requests for documents as they were; try again")
        }
        // Whoever leaves hands its place over.
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        if waiting.isEmpty {
            running -= 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
