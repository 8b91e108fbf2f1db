/// What is known of one container.
struct ContainerRecord: BitwiseCopyable, Sendable {
    var kind: ContainerKind
    /// 1 for a root, 1 more for each container around it.
    var depth: UInt8
    /// The number of its root in the tree; `none` for a map, and while nothing was ever inserted.
    var sequence: UInt32
    /// The container that the element which created it is in; `none` for roots.
    var parent: UInt32
    /// The number of the name of a root, or of the key in a map, or the address of the item of a list.
    var slot: UInt32
    /// The element that created it: replica by number, counter.
    var holderReplica: UInt32
    var holderCounter: UInt32

    static let none = UInt32.max
}

/// All containers of a document, numbered in order of appearance.
///
/// Roots appear when something is put into them; nested ones with the element whose value they are. None ever goes:
/// edits made at the same time, and undo, reach those that were overwritten or deleted.
struct ContainerTable: ~Copyable, Sendable {
    static let maximumDepth = 64

    private var records = Slab<ContainerRecord>()
    private(set) var names: [RootName] = []
    private var rootNames = NameTable()
    /// Roots by kind and number of the name.
    private var roots = NumberTable()
    /// The others by the element that created them.
    private var nested = NumberTable()
    /// Which container a root of the tree belongs to.
    private var containers = Slab<UInt32>()

    struct RootKey: Sendable {
        var kind: ContainerKind
        var name: RootName
    }

    init() {}

    var count: Int { records.count }

    /// How many roots there are.
    var rootCount: Int { names.count }

    subscript(_ number: UInt32) -> ContainerRecord {
        @inline(__always) get { records[Int(number)] }
    }

    /// The number of a root that something was ever put into.
    @inline(__always)
    func root(_ kind: ContainerKind, _ name: RootName) -> UInt32? {
        // Most documents have one root, and its name's buffer is mostly the very same one.
        if let first = names.first, first == name, records[0].kind == kind { return 0 }
        return names.count < 2 ? nil : otherRoot(kind, name)
    }

    @inline(never)
    private func otherRoot(_ kind: ContainerKind, _ name: RootName) -> UInt32? {
        guard let number = rootNames.number(of: name.utf8) else { return nil }
        return roots[Self.key(UInt32(kind.rawValue), number)]
    }

    /// The number of the container that an element created.
    func nested(in replica: UInt32, _ counter: UInt32) -> UInt32? {
        nested[Self.key(replica, counter)]
    }

    private static func key(_ high: UInt32, _ low: UInt32) -> UInt64 { UInt64(high) << 32 | UInt64(low) }

    mutating func makeRoot(_ kind: ContainerKind, _ name: RootName) -> UInt32 {
        let number = UInt32(records.count)
        roots[Self.key(UInt32(kind.rawValue), rootNames.insert(name.utf8))] = number
        let slot = UInt32(names.count)
        names.append(name)
        records.append(
            ContainerRecord(
                kind: kind,
                depth: 1,
                sequence: ContainerRecord.none,
                parent: ContainerRecord.none,
                slot: slot,
                holderReplica: 0,
                holderCounter: 0
            )
        )
        return number
    }

    /// Adds the container that the element (replica, counter) creates in `parent`, at a key or as an item.
    mutating func makeNested(
        _ kind: ContainerKind,
        in parent: UInt32,
        slot: UInt32,
        holder replica: UInt32,
        _ counter: UInt32
    ) -> UInt32 {
        let number = UInt32(records.count)
        nested[Self.key(replica, counter)] = number
        records.append(
            ContainerRecord(
                kind: kind,
                depth: records[Int(parent)].depth + 1,
                sequence: ContainerRecord.none,
                parent: parent,
                slot: slot,
                holderReplica: replica,
                holderCounter: counter
            )
        )
        return number
    }

    /// Notes that the tree's newest root is the sequence of a container.
    mutating func noteSequence(_ sequence: UInt32, of number: UInt32) {
        assert(Int(sequence) == containers.count, "Sequences are noted as they are made.")
        containers.append(number)
        records[Int(number)].sequence = sequence
    }

    /// Which container a root of the tree belongs to.
    @inline(__always)
    func container(ofSequence sequence: UInt32) -> UInt32 { containers[Int(sequence)] }

    /// The name of a root.
    func name(of number: UInt32) -> RootName { names[Int(records[Int(number)].slot)] }
}
