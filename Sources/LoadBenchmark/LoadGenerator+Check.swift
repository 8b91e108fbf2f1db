import CRDT
import NIOCore

/// Whether everybody has what everybody else sent.
struct Completeness: Sendable, Equatable {
    /// Messages that receivers should have and do not, those of ``skipped`` aside.
    var missing = 0
    /// The same of those whom the server resynchronised, or who had stopped reading.
    var skipped = 0
    /// Messages whose ack is not there.
    var unacknowledged = 0
    /// Clients that stopped reading and are not up to date again.
    var behind = 0

    /// Whether nothing is on its way any more.
    var isSettled: Bool { self.missing == 0 && self.unacknowledged == 0 && self.behind == 0 }
}

extension LoadGenerator {
    /// What there is, held against what there should be.
    var completeness: Completeness {
        var result = Completeness()
        for client in self.clients where client.joinedOnce {
            let missing = client.room.trackedCount - client.trackedCount - client.receivedCount
            if client.isApart || client.isResynchronised {
                result.skipped += max(0, missing)
            } else {
                result.missing += max(0, missing)
            }
            result.unacknowledged += client.acks.count - client.ackedCount
        }
        let apart = self.clients.count { $0.isApart && $0.joinedOnce }
        if self.resumedAt != nil { result.behind = max(0, apart - self.figures.catchUps.count) }
        return result
    }

    /// Joins each document once more, and compares what comes with what its follower has: how many differ.
    func compareWithFreshJoins() -> EventLoopFuture<Int> {
        let rooms = self.rooms.filter { $0.clients[0].follows }
        return EventLoopFuture.whenAllSucceed(rooms.map { self.differs($0) }, on: self.loop).map { differing in
            differing.count { $0 }
        }
    }

    private func differs(_ room: LoadRoom) -> EventLoopFuture<Bool> {
        let promise = self.loop.makePromise(of: Bool.self)
        // Number and position are beyond all others, so nobody takes it for a member.
        let inspector = LoadClient(
            generator: self,
            room: room,
            index: self.clients.count,
            position: room.clients.count,
            isThin: false,
            isApart: false
        )
        // The follower has all it needs, and a full room has no place for one more.
        room.clients[0].close()
        self.connect(inspector) { isIn in
            let isEqual = isIn && ((try? self.isEqual(room, catchUp: inspector.catchUp)) ?? false)
            inspector.close()
            promise.succeed(!isEqual)
        }
        return promise.futureResult
    }

    private func isEqual(_ room: LoadRoom, catchUp: (bytes: [UInt8], isSnapshot: Bool)?) throws -> Bool {
        guard let follower = room.clients[0].typist, let catchUp else { return false }
        var generator = SystemRandomNumberGenerator()
        let name = ReplicaID.random(using: &generator)
        var document = Document(replica: name)
        if catchUp.isSnapshot {
            document = try Document(snapshot: catchUp.bytes, replica: name)
        } else if !catchUp.bytes.isEmpty {
            var patches = PatchBuffer()
            _ = try document.receive(catchUp.bytes.span, patches: &patches)
        }
        for client in room.clients {
            let text = document.string(of: TextID(try RootName(string: client.textName)))
            // Each keystroke is a letter, so the document also has as many as were acknowledged.
            let typed = client.acks.count { $0.isAccepted && ($0.kind == .change || $0.kind == .edit) }
            guard text == (try follower.string(of: client.textName)), text.utf16.count == typed else { return false }
        }
        return true
    }
}
