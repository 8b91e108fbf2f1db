import CRDT
import FuzzKit

/// Replicas that edit, undo, send, lose, damage and reload, and what each step gave.
///
/// A line is `{"seed": 1, "replicas": ["5", ...], "steps": [...]}`. Bytes are hexadecimal, a refusal is "!" and its code, a
/// change is "" when there was none; see ``JSON`` for containers and values.
///
/// - `["edit", replica, text, offset, deleteCount, inserted, change]`
/// - `["splice", replica, list, index, deleteCount, [content, ...], change]`, `["move", replica, list, from, to, change]`
/// - `["set", replica, map, key, content, change]`, `["unset", replica, map, key, change]`
/// - `["begin", replica]`, `["commit", replica, change]`
/// - `["undo", replica, isRedo, closes, [patch, ...], change]`: whether the step was closed before
/// - `["receive", replica, bytes, [patch, ...], refusal]`
/// - `["state", replica, snapshot, version, missing, [[root, content], ...]]`
/// - `["reload", replica]`: from its own snapshot
/// - `["anchor", replica, text, offset, side, anchor, offset]`: side 0 is left
struct History: ~Copyable {
    final class Replica {
        var document: Document
        init(_ document: consuming Document) { self.document = document }
    }

    let seed: UInt64
    var random: FuzzGenerator
    var replicas: [Replica] = []
    var changes: [Change] = []
    /// For each replica, the changes under way to it.
    var inboxes: [[Int]] = []
    var steps: [String] = []
    /// What is edited: the roots, and nested containers as they come to be somewhere.
    var containers: [ContainerID] = [
        .text("body"), .text("body"), .text("body"), .text("a second"), .list(ListID("items" as RootName)),
        .map(MapID("board" as RootName)),
    ]

    init(seed: UInt64) {
        self.seed = seed
        random = FuzzGenerator(seed: seed)
        let count = 2 + random.below(4)
        var used = Set<UInt64>()
        while replicas.count < count {
            // The smallest have the shortest bytes and lanes of their own.
            let id = random.below(3) == 0 ? random.next() : UInt64(random.below(9))
            if used.insert(id).inserted { replicas.append(Replica(Document(replica: ReplicaID(id)))) }
        }
        for replica in replicas { replica.document.undoLimit = 100 }
        inboxes = [[Int]](repeating: [], count: count)
    }

    var line: String {
        let names = replicas.map { "\"\($0.document.replica.rawValue)\"" }.joined(separator: ",")
        return "{\"seed\":\(seed),\"replicas\":[\(names)],\"steps\":[\(steps.joined(separator: ","))]}\n"
    }

    mutating func run(steps count: Int) {
        for _ in 0..<count {
            let index = random.below(replicas.count)
            switch random.below(24) {
            case 0..<7: edit(index)
            case 7..<11: type(index)
            case 11..<17: deliver(to: index, count: random.below(2) == 0 ? 1 : 1 + random.below(9))
            case 17: damage(index)
            case 18: anchor(index)
            case 19: reload(index)
            case 20: transact(index)
            case 21, 22: undo(index)
            default: state(index)
            }
        }
        for index in replicas.indices {
            while !inboxes[index].isEmpty { deliver(to: index, count: 1 + random.below(20)) }
            state(index)
        }
    }

    // MARK: What a step gave

    /// The bytes of a change that was made just now, which goes to everybody else.
    mutating func sent(_ index: Int, _ make: () throws(EditError) -> [UInt8]) -> String {
        do throws(EditError) {
            let bytes = try make()
            if bytes.isEmpty { return "\"\"" }
            guard let change = try? Change(decoding: bytes) else { fatalError("seed \(seed): an unreadable change") }
            changes.append(change)
            for other in replicas.indices where other != index { inboxes[other].append(changes.count - 1) }
            return JSON.bytes(bytes)
        } catch {
            return "\"!\(error.code)\""
        }
    }

    mutating func note(_ kind: String, _ index: Int, _ values: String...) {
        steps.append("[\"\(kind)\",\(([String(index)] + values).joined(separator: ","))]")
    }

    // MARK: Exchange

    /// Hands over some of what is under way, in any order, now and then twice.
    private mutating func deliver(to index: Int, count: Int) {
        var batch: [Change] = []
        for _ in 0..<count where !inboxes[index].isEmpty {
            let position = random.below(min(inboxes[index].count, random.below(3) == 0 ? Int.max : 1))
            batch.append(changes[inboxes[index][position]])
            if random.below(12) != 0 { inboxes[index].remove(at: position) }
        }
        receive(ChangeSet.encode(batch), index)
    }

    private mutating func damage(_ index: Int) {
        guard !changes.isEmpty else { return }
        var bytes = changes[random.below(changes.count)].encoded
        switch random.below(3) {
        case 0: bytes.removeLast(1 + random.below(bytes.count))
        case 1: bytes[random.below(bytes.count)] ^= UInt8(1 << random.below(8))
        default: bytes.append(UInt8(random.below(256)))
        }
        receive(bytes, index)
    }

    mutating func receive(_ bytes: [UInt8], _ index: Int) {
        var patches = PatchBuffer(joining: true)
        var refusal = "\"\""
        do throws(ChangeError) {
            _ = try replicas[index].document.receive(bytes.span, patches: &patches)
        } catch {
            refusal = "\"!\(error.code)\""
        }
        note("receive", index, JSON.bytes(bytes), JSON.patches(patches), refusal)
    }

    // MARK: State

    private mutating func anchor(_ index: Int) {
        let offset = random.below(replicas[index].document.utf16Count(of: "body") + 4) - 2
        let side: Side = random.below(2) == 0 ? .left : .right
        let anchor = replicas[index].document.anchor(at: offset, side: side, in: "body")
        let now = replicas[index].document.utf16Offset(of: anchor, in: "body") ?? -1
        note("anchor", index, "\"0:body\"", "\(offset)", "\(side.rawValue)", JSON.bytes(anchor.encoded), "\(now)")
    }

    private mutating func reload(_ index: Int) {
        let replica = replicas[index].document.replica
        guard let document = try? Document(snapshot: replicas[index].document.snapshot(), replica: replica)
        else { fatalError("seed \(seed): a snapshot cannot be read") }
        replicas[index].document = document
        replicas[index].document.undoLimit = 100
        // What waited is lost, and sent again.
        inboxes[index] = changes.indices.filter { changes[$0].replica != replica }
        note("reload", index)
    }

    private mutating func state(_ index: Int) {
        let replica = replicas[index]
        let contents = replica.document.roots.map { root in
            "[\(JSON.container(root)),\(replica.document.content(of: root).map(JSON.content) ?? "null")]"
        }
        note(
            "state",
            index,
            JSON.bytes(replica.document.snapshot()),
            JSON.bytes(replica.document.version.encoded),
            JSON.bytes(replica.document.missing.encoded),
            "[\(contents.joined(separator: ","))]"
        )
    }
}
