import CRDT

/// One author who edits at random, undoes everything and redoes everything.
public struct LoneHistory: ~Copyable {
    private let seed: UInt64
    private var history: RandomHistory

    /// Prepares the history of a seed.
    public init(seed: UInt64) {
        self.seed = seed
        history = RandomHistory(seed: seed)
    }

    /// Makes it happen.
    ///
    /// - Throws: a `HistoryFailure` when something is not as it must be.
    public mutating func run() throws {
        let replica = history.replicas[0]
        replica.undoLimit = 0
        try edit(replica, 5, closing: 1)
        replica.undoLimit = 1000
        let start = try replica.document.content(known: replica.mirror)
        try edit(replica, 25, closing: 3)
        let end = try replica.document.content(known: replica.mirror)
        for _ in 0..<2 {
            while try revert(replica, isRedo: false) {}
            try expect(replica, start, "undoing all does not give the start")
            while try revert(replica, isRedo: true) {}
            try expect(replica, end, "redoing all does not give the end")
        }
    }

    private mutating func edit(_ replica: HistoryReplica, _ count: Int, closing: Int) throws {
        for _ in 0..<count {
            try history.edit(replica)
            if history.random.oneIn(closing) { replica.document.closeUndoStep() }
        }
    }

    private mutating func revert(_ replica: HistoryReplica, isRedo: Bool) throws -> Bool {
        var patches = PatchBuffer()
        let change =
            isRedo ? try replica.document.redo(patches: &patches) : try replica.document.undo(patches: &patches)
        replica.mirror.follow(patches)
        guard let change else { return false }
        try history.send(change, from: replica)
        if let fault = replica.fault() { throw HistoryFailure(seed: seed, reason: fault) }
        return true
    }

    /// What is out of sight may be different: what was put into a new container stays in it.
    private func expect(_ replica: HistoryReplica, _ content: Mirror, _ reason: String) throws {
        guard try replica.document.content(known: replica.mirror).visible == content.visible else {
            throw HistoryFailure(seed: seed, reason: reason)
        }
    }
}

extension Mirror {
    /// What can be reached from the roots.
    var visible: Mirror {
        var visible = Mirror()
        for home in texts.keys where home.isRoot { visible.texts[home] = texts[home] }
        for home in lists.keys where home.isRoot { visible.show(list: home, of: self) }
        for home in maps.keys where home.isRoot { visible.show(map: home, of: self) }
        return visible.filled
    }

    private mutating func show(list home: Home, of all: Mirror) {
        lists[home] = all.lists[home]
        for value in lists[home, default: []] { show(value, of: all) }
    }

    private mutating func show(map home: Home, of all: Mirror) {
        maps[home] = all.maps[home]
        for value in maps[home, default: [:]].values { show(value, of: all) }
    }

    private mutating func show(_ value: Value, of all: Mirror) {
        guard case .container(let kind, let name) = value else { return }
        switch kind {
        case .text: texts[.element(name)] = all.texts[.element(name)]
        case .list: show(list: .element(name), of: all)
        case .map: show(map: .element(name), of: all)
        }
    }
}

extension NaiveDocument.Home {
    var isRoot: Bool {
        if case .root = self { true } else { false }
    }
}
