import CRDT
import TestSupport
import Testing

@testable import Collaboration

/// A room, its store and clients of both kinds, between them a network that delays; every step is drawn from a seed.
///
/// As with real sockets, what one client and the server say to each other arrives in order, or the connection breaks
/// and what was under way is lost.
final class Simulation {
    /// What is under way to a client.
    private enum Inbound {
        case joinAck(JoinReply)
        case event(RoomEvent)
        case editAck(Result<EditReceipt, RoomError>)
        case changeAck(Result<Revision, RoomError>)
    }

    /// What is under way to the server.
    private enum Outbound {
        case edit(Revision, [PathEdit])
        case change([UInt8])
    }

    private final class Link {
        var session: SessionID?
        var inbound: [Inbound] = []
        var outbound: [Outbound] = []
    }

    private var generator: SplitMix64
    private let store = MemoryStore(.manual)
    private let limits: RoomLimits
    private(set) var harness: RoomHarness
    private var replica: UInt64 = 1 << 40

    private var thin: [ThinClient?]
    private var trees: [TreeClient?]
    /// The number of the first full client.
    private let firstFull: Int
    private var full: FullClients
    private let links: [Link]
    private var sessionCount = 0
    /// What clients were told is durable.
    private var acknowledged = Revision.zero
    private(set) var crashCount = 0

    init(seed: UInt64, thinCount: Int, treeCount: Int = 0, fullCount: Int) async throws {
        generator = SplitMix64(seed: seed)
        var limits = RoomLimits()
        if Bool.random(using: &generator) { limits.changeLogByteCount = 300 }
        if Bool.random(using: &generator) { limits.snapshotRevisionCount = 20 }
        self.limits = limits
        harness = try await RoomHarness.open(store, limits: limits, replica: replica)
        thin = Array(repeating: nil, count: thinCount)
        trees = Array(repeating: nil, count: treeCount)
        firstFull = thinCount + treeCount
        full = FullClients(count: fullCount)
        links = (0..<(thinCount + treeCount + fullCount)).map { _ in Link() }
        watch()
    }

    /// One step of somebody.
    func step(crashes: Bool) async throws {
        let index = Int.random(in: 0..<links.count, using: &generator)
        if links[index].session == nil, Bool.random(using: &generator) { return try join(index) }
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<30: try edit(index)
        case 30..<55: try deliverToServer(index)
        case 55..<80: try deliverToClient(index)
        case 80..<88: harness.commit(Int.random(in: 1...4, using: &generator))
        case 88..<90: harness.advance(milliseconds: 40)
        case 90..<92: disconnect(index)
        case 92..<94: if let session = links[index].session { harness.room.fellBehind(session) }
        case 94..<97: if let session = links[index].session { harness.room.drained(session) }
        case 97 where crashes: try await crash()
        default: try join(index)
        }
        if Bool.random(using: &generator) { harness.outbox.endTurn() }
    }

    /// Lets everything arrive, and everybody come back.
    func settle() throws {
        for _ in 0..<1_000 {
            var isQuiet = true
            for index in links.indices {
                if links[index].session == nil {
                    try join(index)
                    isQuiet = false
                }
                if let session = links[index].session { harness.room.drained(session) }
                while !links[index].outbound.isEmpty {
                    try deliverToServer(index)
                    isQuiet = false
                }
            }
            harness.outbox.endTurn()
            harness.commit()
            for index in links.indices {
                while !links[index].inbound.isEmpty {
                    try deliverToClient(index)
                    isQuiet = false
                }
                if index < thin.count { sendThin(index) }
                if !links[index].outbound.isEmpty { isQuiet = false }
            }
            if isQuiet { return }
        }
        fail("the simulation does not come to rest")
    }

    /// Everybody has the same text.
    func check(sourceLocation: SourceLocation = #_sourceLocation) {
        let expected = Array(harness.text.utf16)
        for client in thin {
            #expect(client?.isSettled == true, sourceLocation: sourceLocation)
            #expect(client?.view == expected, "thin client", sourceLocation: sourceLocation)
            #expect(client?.revision == harness.room.revision, sourceLocation: sourceLocation)
        }
        let tree = ContentTree(harness.room.content)
        for client in trees {
            #expect(client?.isSettled == true, sourceLocation: sourceLocation)
            #expect(client?.base == tree, "thin client of lists and maps", sourceLocation: sourceLocation)
            #expect(client?.revision == harness.room.revision, sourceLocation: sourceLocation)
        }
        for other in full.trees { #expect(other == tree, "full client", sourceLocation: sourceLocation) }
        for text in full.texts { #expect(text == expected, "full client", sourceLocation: sourceLocation) }
        for version in full.versions { #expect(version == harness.room.version, sourceLocation: sourceLocation) }
    }

    // MARK: Clients

    private func edit(_ index: Int) throws {
        guard index >= thin.count || thin[index] != nil else { return }
        if index >= thin.count, index < firstFull { return try editTree(index) }
        if index >= firstFull, !trees.isEmpty, Bool.random(using: &generator) {
            let edit = full.tree(index - firstFull).randomEdit(using: &generator)
            if let bytes = try full.edit(index - firstFull, edit), links[index].session != nil {
                links[index].outbound.append(.change(bytes))
            }
            return
        }
        let text = index < thin.count ? (thin[index]?.view ?? []) : full.text(index - firstFull)
        let edits = randomEdits(on: text)
        if index < thin.count {
            thin[index]?.edit(edits)
            sendThin(index)
        } else if let bytes = try full.edit(index - firstFull, edits), links[index].session != nil {
            links[index].outbound.append(.change(bytes))
        }
    }

    private func editTree(_ index: Int) throws {
        guard links[index].session != nil else { return }
        let next = try trees[index - thin.count]?.edit { view in
            var view = view
            return try (0..<Int.random(in: 1...3, using: &generator)).compactMap { number in
                let edit = view.randomEdit(using: &generator)
                // A path may not lead through what the same edit puts there: only roots after the first.
                if number > 0, !edit.path.steps.isEmpty { return nil }
                try view.apply(edit)
                return edit
            }
        }
        if let (base, edits) = next { links[index].outbound.append(.edit(base, edits)) }
    }

    private func sendThin(_ index: Int) {
        guard links[index].session != nil else { return }
        while let (base, edits) = thin[index]?.nextToSend() {
            links[index].outbound.append(.edit(base, edits.map(\.pathEdit)))
        }
    }

    private func join(_ index: Int) throws {
        guard links[index].session == nil else { return }
        sessionCount += 1
        let session = SessionID("s\(sessionCount)")
        let known = index < firstFull ? nil : full.joinVersion(index - firstFull)
        links[index].session = session
        let request = JoinRequest(
            session: session,
            user: User(id: "u", name: "u"),
            role: .write,
            format: index < firstFull ? .content : .changes,
            version: known?.version,
            epoch: known?.epoch
        )
        harness.room.join(request) { [link = links[index]] result in
            guard link.session == session else { return }
            switch result {
            case .success(let reply): link.inbound.append(.joinAck(reply))
            case .failure(let error): fail("\(error)")
            }
        }
    }

    private func joined(_ index: Int, _ reply: JoinReply) throws {
        if case .content(let content) = reply.catchUp {
            if index < thin.count {
                thin[index] = ThinClient(content: content, revision: reply.revision)
            } else {
                trees[index - thin.count] = TreeClient(content: content, revision: reply.revision)
            }
        } else if let bytes = try full.joined(index - firstFull, reply) {
            links[index].outbound.append(.change(bytes))
        }
    }

    private func disconnect(_ index: Int) {
        guard let session = links[index].session else { return }
        harness.room.leave(session)
        forget(index)
    }

    private func forget(_ index: Int) {
        links[index].session = nil
        links[index].inbound = []
        links[index].outbound = []
        if index < thin.count { thin[index] = nil } else if index < firstFull { trees[index - thin.count] = nil }
    }

    // MARK: The network

    private func watch() {
        harness.outbox.hasTurns = true
        harness.outbox.onDelivery = { [unowned self] session, event in
            links.first { $0.session == session }?.inbound.append(.event(event))
        }
    }

    private func deliverToServer(_ index: Int) throws {
        let link = links[index]
        guard let session = link.session, !link.outbound.isEmpty else { return }
        switch link.outbound.removeFirst() {
        case .edit(let base, let edits):
            // A client that is behind does not know what its acknowledged edits were moved over: it may have to join again.
            let isBehind = harness.room.participants[session]?.behind != nil
            harness.room.edit(base: base, edits: edits, from: session) { result in
                if case .failure(let error) = result, error.code == .staleRevision { #expect(isBehind, "\(error)") }
                if link.session == session { link.inbound.append(.editAck(result)) }
            }
        case .change(let bytes):
            harness.room.change(bytes, from: session) {
                if link.session == session { link.inbound.append(.changeAck($0)) }
            }
        }
    }

    private func deliverToClient(_ index: Int) throws {
        guard links[index].session != nil, !links[index].inbound.isEmpty else { return }
        switch links[index].inbound.removeFirst() {
        case .joinAck(let reply):
            try joined(index, reply)
        case .event(.change(let bytes, _, _)):
            try full.receive(index - firstFull, bytes)
        case .event(.edit(let edits, let revision, _)):
            if index < thin.count {
                thin[index]?.receive(edits, revision: revision)
            } else {
                try trees[index - thin.count]?.receive(edits, revision: revision)
            }
        case .event(.reset):
            forget(index)
            return
        case .event:
            break
        case .editAck(.success(let receipt)):
            acknowledged = max(acknowledged, receipt.revision)
            if index < thin.count {
                try thin[index]?.acknowledged(receipt)
            } else {
                try trees[index - thin.count]?.acknowledged(receipt)
            }
        case .editAck(.failure(let error)):
            // Out of the room (fell behind, say): the reset or the breaking of the connection is on its way.
            #expect([.notJoined, .closed, .staleRevision].contains(error.code), "\(error)")
            disconnect(index)
            forget(index)
            return
        case .changeAck(.success(let revision)):
            acknowledged = max(acknowledged, revision)
        case .changeAck(.failure(let error)):
            #expect([.notJoined, .closed, .missingChanges].contains(error.code), "\(error)")
            disconnect(index)
            forget(index)
            return
        }
        if index < thin.count { sendThin(index) }
    }

    // MARK: The server

    /// The process dies: what was not committed is gone, all connections break, and the document is opened again.
    private func crash() async throws {
        crashCount += 1
        store.crash()
        for index in links.indices { forget(index) }
        replica += 1
        harness = try await RoomHarness.open(store, limits: limits, replica: replica)
        watch()
        #expect(harness.room.revision >= acknowledged, "an acknowledged revision is gone")
    }

    private func randomEdits(on text: [UInt16]) -> [TextEdit] {
        var text = text
        return (0..<Int.random(in: 1...3, using: &generator)).map { _ in
            var start = Int.random(in: 0...text.count, using: &generator)
            if start < text.count, UTF16.isTrailSurrogate(text[start]) { start -= 1 }
            var end = min(text.count, start + Int.random(in: 0...5, using: &generator))
            if end < text.count, UTF16.isTrailSurrogate(text[end]) { end += 1 }
            var insert: [UInt16] = []
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                let scalar = ["a", "b", "c", "é", "😀"].randomElement(using: &generator) ?? "a"
                insert += Array(scalar.utf16)
            }
            text.replaceSubrange(start..<end, with: insert)
            return TextEdit(text: "body", utf16Offset: start, deleteCount: end - start, insert: insert)
        }
    }
}

/// The full clients: noncopyable values, which an array cannot hold.
private final class FullClients {
    private final class Box {
        var client: FullClient
        init(_ client: consuming FullClient) { self.client = client }
    }

    private let boxes: [Box]

    init(count: Int) {
        boxes = (0..<count).map { Box(FullClient(replica: UInt64($0 + 1) * 1_000)) }
    }

    var texts: [[UInt16]] { boxes.map { $0.client.text } }
    var versions: [Version] { boxes.map { $0.client.version } }
    var trees: [ContentTree] { boxes.map { $0.client.tree } }
    func tree(_ index: Int) -> ContentTree { boxes[index].client.tree }
    func edit(_ index: Int, _ edit: PathEdit) throws -> [UInt8]? { try boxes[index].client.edit(edit) }
    func text(_ index: Int) -> [UInt16] { boxes[index].client.text }
    func joinVersion(_ index: Int) -> (version: Version, epoch: Epoch)? { boxes[index].client.joinVersion }
    func edit(_ index: Int, _ edits: [TextEdit]) throws -> [UInt8]? { try boxes[index].client.edit(edits) }
    func receive(_ index: Int, _ bytes: [UInt8]) throws { try boxes[index].client.receive(bytes) }
    func joined(_ index: Int, _ reply: JoinReply) throws -> [UInt8]? { try boxes[index].client.joined(reply) }
}
