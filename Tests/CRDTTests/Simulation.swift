import TestSupport
import Testing

@testable import CRDT

/// A change as the oracle sees it: every element by name.
struct OracleChange {
    enum Operation {
        case insert(root: RootName, origin: NaiveRGA.Name?, [NaiveRGA.Element])
        case delete([NaiveRGA.Name])
    }

    var operations: [Operation] = []
}

/// One replica beside its oracle and a text that only follows splices and patches.
struct Participant: ~Copyable {
    var document: Document
    var oracle: [RootName: NaiveRGA] = [:]
    var mirror: [RootName: [UInt16]] = [:]
    /// The elements that this replica inserted, and all changes it made.
    var counter: UInt32 = 0
    var known = Version()

    init(replica: ReplicaID) {
        document = Document(replica: replica)
    }

    var clock: UInt64 {
        var clock: UInt64 = 0
        for sequence in oracle.values {
            for element in sequence.elements { clock = max(clock, element.lamport + 1) }
        }
        return clock
    }

    mutating func apply(_ change: OracleChange) {
        for operation in change.operations {
            switch operation {
            case .insert(let root, let origin, let elements):
                oracle[root, default: NaiveRGA()].insert(elements, after: origin)
            case .delete(let names):
                for name in names {
                    for root in Array(oracle.keys) { oracle[root]?.delete(name) }
                }
            }
        }
    }

    mutating func follow(_ patches: [Patch]) {
        for patch in patches {
            let range = patch.utf16Offset..<patch.utf16Offset + patch.deleteCount
            mirror[patch.root, default: []].replaceSubrange(range, with: patch.insert)
        }
    }

    func check(_ context: @autoclosure () -> String) {
        for root in document.roots {
            let text = document.text(of: root)
            if text != mirror[root, default: []] { Issue.record("\(context()): text is not what the patches say") }
            if text != oracle[root, default: NaiveRGA()].text { Issue.record("\(context()): text is not the oracle's") }
            if document.utf16Count(of: root) != text.count { Issue.record("\(context()): count is not the text's") }
        }
        if document.version != known { Issue.record("\(context()): version is not what was applied") }
    }
}

/// A random history: replicas that edit, and a network that duplicates, delays, reorders and partitions.
struct Simulation: ~Copyable {
    let seed: UInt64
    var random: SplitMix64
    /// Replica by number; each is taken out while it works, because they cannot be copied.
    var participants: [Box]
    /// Everything that was ever made.
    var changes: [(change: Change, oracle: OracleChange)] = []
    /// For each participant, the changes under way to it.
    var inboxes: [[Int]]
    /// Who is cut off at the moment; what is sent to it waits.
    var isCut: [Bool]
    var checksEachStep: Bool

    final class Box {
        var value: Participant
        init(_ replica: ReplicaID) { value = Participant(replica: replica) }
    }

    let roots: [RootName] = ["body", "title"]

    init(seed: UInt64, replicas: ClosedRange<Int> = 3...8) {
        self.seed = seed
        random = SplitMix64(seed: seed)
        let count = replicas.lowerBound + random.below(replicas.count)
        participants = []
        var used = Set<UInt64>()
        while participants.count < count {
            let id = random.oneIn(3) ? random.next() : UInt64(random.below(50))
            if used.insert(id).inserted { participants.append(Box(ReplicaID(id))) }
        }
        inboxes = [[Int]](repeating: [], count: count)
        isCut = [Bool](repeating: false, count: count)
        checksEachStep = seed % 10 == 0
    }

    var context: String { "seed \(seed)" }

    // MARK: Steps

    mutating func run(steps: Int) throws {
        for _ in 0..<steps {
            let index = random.below(participants.count)
            switch random.below(20) {
            case 0..<10: try edit(index)
            case 10..<17: try deliver(to: index, atMost: 1 + random.below(8))
            case 17: isCut[index].toggle()
            case 18: try reload(index)
            default: try checkAnchor(index)
            }
            if checksEachStep {
                participants[index].value.check(context)
                checkInvariants(index)
            }
        }
        try heal()
    }

    func checkInvariants(_ index: Int) {
        #if DEBUG
        participants[index].value.document.checkInvariants()
        #endif
    }

    mutating func edit(_ index: Int) throws {
        let box = participants[index]
        var edits: [TextEdit] = []
        var texts = box.value.mirror
        for _ in 0..<(random.oneIn(4) ? 1 + random.below(3) : 1) {
            let edit = randomEdit(texts)
            let range = edit.utf16Offset..<edit.utf16Offset + edit.deleteCount
            texts[edit.root, default: []].replaceSubrange(range, with: edit.insert)
            edits.append(edit)
        }
        let first = box.value.counter
        let lamport = box.value.clock
        guard let change = try box.value.document.edit(edits) else { return }
        if change != (try Change(decoding: change.encoded)) {
            Issue.record("\(context): a change reads back as another")
        }
        let oracle = try translate(change, first: first, lamport: lamport)
        box.value.counter += oracle.1
        box.value.apply(oracle.0)
        box.value.mirror = texts
        box.value.known[change.replica] = change.sequence + 1
        changes.append((change, oracle.0))
        for other in participants.indices where other != index {
            inboxes[other].append(changes.count - 1)
            if random.oneIn(8) { inboxes[other].append(changes.count - 1) }
        }
    }

    private mutating func randomEdit(_ texts: [RootName: [UInt16]]) -> TextEdit {
        let root = roots[random.oneIn(5) ? 1 : 0]
        let text = texts[root, default: []]
        func aligned(_ offset: Int) -> Int {
            offset > 0 && offset < text.count && text[offset] & 0xFC00 == 0xDC00 ? offset - 1 : offset
        }
        // Half of the edits are near the start, so that they collide.
        let range = random.oneIn(2) ? min(text.count, 4) : text.count
        let offset = aligned(random.below(range + 1))
        var edit = TextEdit(root: root, utf16Offset: offset)
        if random.oneIn(3) {
            edit.deleteCount = aligned(min(text.count, offset + random.below(6))) - offset
            if edit.deleteCount < 0 { edit.deleteCount = 0 }
        }
        if edit.deleteCount == 0 || random.oneIn(4) {
            for _ in 0...random.below(random.oneIn(12) ? 150 : 4) {
                switch random.below(12) {
                case 0: edit.insert += Array("😀".utf16)
                case 1: edit.insert += Array("é".utf16)
                case 2: edit.insert += Array("汉".utf16)
                default: edit.insert.append(UInt16(97 + random.below(26)))
                }
            }
        }
        return edit
    }

    /// Spells a change out for the oracle, and says how many elements it inserts.
    private func translate(_ change: Change, first: UInt32, lamport: UInt64) throws -> (OracleChange, UInt32) {
        var oracle = OracleChange()
        var next = first
        var lamport = lamport
        var reader = OperationReader(change)
        func name(_ reference: CRDT.Operation.Reference) -> NaiveRGA.Name {
            switch reference {
            case .own(let distance): .init(replica: change.replica.rawValue, counter: next - distance)
            case .other(let replica, let counter): .init(replica: replica.rawValue, counter: counter)
            }
        }
        while let operation = try reader.next() {
            switch operation {
            case .insert(let origin, let text):
                var root: RootName?
                var left: NaiveRGA.Name?
                switch origin {
                case .start(let range): root = try RootName(utf8: Array(change.encoded[range]))
                case .newest: left = .init(replica: change.replica.rawValue, counter: next - 1)
                case .element(let reference): left = name(reference)
                }
                let units = Array(String(decoding: change.encoded[text], as: UTF8.self).utf16)
                var elements: [NaiveRGA.Element] = []
                for unit in units {
                    let name = NaiveRGA.Name(replica: change.replica.rawValue, counter: next)
                    elements.append(.init(name: name, lamport: lamport, unit: unit, isDead: false))
                    next += 1
                    lamport += 1
                }
                let home = try root ?? rootOf(left, by: change.replica, in: oracle)
                oracle.operations.append(.insert(root: home, origin: left, elements))
            case .delete(let start, let count):
                let first = name(start)
                oracle.operations.append(
                    .delete((0..<count).map { .init(replica: first.replica, counter: first.counter + $0) })
                )
            }
        }
        return (oracle, next - first)
    }

    private func rootOf(_ name: NaiveRGA.Name?, by author: ReplicaID, in change: OracleChange) throws -> RootName {
        for case .insert(let root, _, let elements) in change.operations
        where elements.contains(where: { $0.name == name }) { return root }
        for box in participants where box.value.document.replica == author {
            for (root, sequence) in box.value.oracle {
                if let name, sequence.index(of: name) != nil { return root }
            }
        }
        throw FormatError.invalid
    }

    /// Hands over some of what is under way, in any order.
    mutating func deliver(to index: Int, atMost count: Int) throws {
        if isCut[index] { return }
        var batch: [Int] = []
        for _ in 0..<count where !inboxes[index].isEmpty {
            let position = random.below(inboxes[index].count)
            batch.append(inboxes[index][position])
            if !random.oneIn(10) { inboxes[index].remove(at: position) }
        }
        try hand(batch, to: index)
    }

    private func hand(_ batch: [Int], to index: Int) throws {
        let box = participants[index]
        var patches: [Patch] = []
        let received = try ChangeSet.decode(ChangeSet.encode(batch.map { changes[$0].change }))
        let receipt = try box.value.document.receive(received, patches: &patches)
        if receipt.waiting != box.value.document.backlogCount { Issue.record("\(context): the backlog is miscounted") }
        box.value.follow(patches)
        for change in receipt.applied {
            guard let made = changes.first(where: { $0.change == change }) else { continue }
            box.value.apply(made.oracle)
            box.value.known[change.replica] = change.sequence + 1
        }
    }

    /// Stops a replica and starts it again from its snapshot.
    ///
    /// What waited in its backlog is lost and sent again.
    mutating func reload(_ index: Int) throws {
        let box = participants[index]
        let snapshot = box.value.document.snapshot()
        let replica = box.value.document.replica
        box.value.document = try Document(snapshot: snapshot, replica: replica)
        if box.value.document.snapshot() != snapshot { Issue.record("\(context): a snapshot is not canonical") }
        inboxes[index] = Array(changes.indices)
    }

    /// An anchor stays where the oracle says.
    mutating func checkAnchor(_ index: Int) throws {
        let box = participants[index]
        let root = roots[0]
        let text = box.value.mirror[root, default: []]
        var offset = random.below(text.count + 1)
        if offset > 0, offset < text.count, text[offset] & 0xFC00 == 0xDC00 { offset -= 1 }
        let side: Side = random.oneIn(2) ? .left : .right
        let anchor = box.value.document.anchor(at: offset, side: side, in: root)
        if anchor != (try Anchor(decoding: anchor.encoded)) {
            Issue.record("\(context): an anchor reads back as another")
        }
        if box.value.document.utf16Offset(of: anchor, in: root) != offset {
            Issue.record("\(context): an anchor is not where it was set")
        }
        anchors.append(
            (
                anchor, side,
                box.value.oracle[root, default: NaiveRGA()].index(ofVisible: side == .left ? offset - 1 : offset)
                    .map { box.value.oracle[root, default: NaiveRGA()].elements[$0].name }
            )
        )
    }

    var anchors: [(anchor: Anchor, side: Side, name: NaiveRGA.Name?)] = []

    // MARK: The end

    /// Everybody gets everything, in whatever order; then all are equal.
    mutating func heal() throws {
        for index in participants.indices {
            var order = Array(changes.indices)
            order.shuffle(using: &random)
            var position = 0
            while position < order.count {
                let end = min(order.count, position + 1 + random.below(20))
                try hand(Array(order[position..<end]), to: index)
                position = end
            }
            participants[index].value.check(context)
            checkInvariants(index)
            if participants[index].value.document.backlogCount != 0 {
                Issue.record("\(context): something still waits")
            }
        }
        let snapshot = participants[0].value.document.snapshot()
        for box in participants {
            if box.value.document.version != participants[0].value.document.version {
                Issue.record("\(context): versions differ")
            }
            if box.value.document.snapshot() != snapshot { Issue.record("\(context): snapshots differ") }
            checkAnchors(box)
        }
        // Who reads the snapshot has the same document.
        let reader = try Document(snapshot: snapshot, replica: ReplicaID(1 << 40))
        for root in roots where reader.text(of: root) != participants[0].value.document.text(of: root) {
            Issue.record("\(context): a snapshot has another text")
        }
    }

    private func checkAnchors(_ box: Box) {
        let oracle = box.value.oracle[roots[0], default: NaiveRGA()]
        let elements = oracle.elements
        for anchor in anchors {
            var expected = anchor.side == .left ? 0 : elements.count { !$0.isDead }
            if let index = anchor.name.flatMap({ oracle.index(of: $0) }) {
                expected = elements[..<index].count { !$0.isDead }
                if anchor.side == .left, !elements[index].isDead { expected += 1 }
            }
            if box.value.document.utf16Offset(of: anchor.anchor, in: roots[0]) != expected {
                Issue.record("\(context): an anchor is not where the oracle says")
            }
        }
    }
}
