internal import CRDT

/// Who waits for a document to get somewhere: joined, everything stored, a version received, room in the queue.
final class DocumentWaiters {
    /// What is waited for.
    enum Condition {
        case joined
        case stored
        case received(Version)
        case room(byteCount: Int)
    }

    private struct Waiter {
        let id: UInt64
        let condition: Condition
        let resume: (Result<Void, QuireError>) -> Void
    }

    private var waiters: [Waiter] = []
    private var next: UInt64 = 0

    /// Calls `resume` once, when the condition holds or cannot come true any more.
    ///
    /// Returns an id to give up with.
    @discardableResult
    func wait(
        for condition: Condition,
        in core: DocumentCore,
        resume: @escaping (Result<Void, QuireError>) -> Void
    ) -> UInt64 {
        self.next += 1
        self.waiters.append(Waiter(id: self.next, condition: condition, resume: resume))
        let id = self.next
        self.update(core)
        return id
    }

    /// Gives up waiting.
    func cancel(_ id: UInt64, with error: QuireError) {
        guard let index = self.waiters.firstIndex(where: { $0.id == id }) else { return }
        self.waiters.remove(at: index).resume(.failure(error))
    }

    /// Nobody's wait can end well for now.
    func fail(_ error: QuireError) {
        let all = self.waiters
        self.waiters.removeAll()
        for waiter in all { waiter.resume(.failure(error)) }
    }

    /// Resumes those whose wait is over.
    func update(_ core: DocumentCore) {
        guard !self.waiters.isEmpty else { return }
        var finished: [(Waiter, Result<Void, QuireError>)] = []
        self.waiters.removeAll { waiter in
            guard let result = Self.outcome(of: waiter.condition, in: core) else { return false }
            finished.append((waiter, result))
            return true
        }
        for (waiter, result) in finished { waiter.resume(result) }
    }

    private static func outcome(of condition: Condition, in core: DocumentCore) -> Result<Void, QuireError>? {
        switch condition {
        case .joined where core.state == .live || core.state == .parked:
            return .success(())
        case .stored where core.sync.pendingCount == 0:
            return .success(())
        case .received(let version) where core.receivedVersion.covers(version):
            return .success(())
        case .room(let byteCount) where core.sync.hasRoom(for: byteCount):
            return .success(())
        case .joined, .stored, .received, .room:
            break
        }
        switch core.state {
        case .closed: return .failure(.init(code: .closed, message: "the document was closed"))
        case .failed(let error): return .failure(error)
        case .parked:
            if case .stored = condition {
                return .failure(.init(code: .forbidden, message: "the role does not allow to store what is pending"))
            }
            return nil
        case .offline, .joining, .live: return nil
        }
    }
}
