/// Writes the operations of a local change while they are done.
struct ChangeWriter: Sendable {
    private(set) var operations: [UInt8] = []
    private var count = 0
    /// Where the newest of them starts.
    private(set) var lastOperation = 0
    /// Set while the change is one that has a shape of its own.
    private var shortcut: (shape: ChangeShape, value: UInt64)?
    private var dependencies = Version()
    /// Replicas that were named in operations and are not among the dependencies.
    private var named: [ReplicaID] = []
    /// Where they are, once they are many.
    private var namedIndices = NumberTable()
    /// The dependencies' replicas and the named ones, once they were asked for.
    private var numbered: [ReplicaID]?

    var isEmpty: Bool { count == 0 }

    /// Starts a change that depends on `dependencies` and on its author's change before.
    mutating func begin(dependencies: Version) {
        operations.removeAll(keepingCapacity: true)
        if !named.isEmpty { named.removeAll() }
        if !namedIndices.isEmpty { namedIndices.removeAll() }
        numbered = nil
        count = 0
        shortcut = nil
        self.dependencies = dependencies
    }

    enum Reference {
        case own(distance: UInt32)
        case other(ReplicaID, counter: UInt32)
    }

    enum Target {
        case root(RootName)
        /// The container that the element created.
        case nested(Reference)
    }

    enum Origin {
        case newest
        case start(Target)
        case own(distance: UInt32)
        case other(ReplicaID, counter: UInt32)
    }

    mutating func insert(_ units: [UInt16], _ range: Range<Int>, after origin: Origin) {
        count += 1
        shortcut = nil
        if range.count == 1, case .newest = origin, units[range.lowerBound] < 0x80, count == 1 {
            shortcut = (.typing, UInt64(units[range.lowerBound]))
        }
        let length = UTF8Text.utf8Count(of: units, in: range)
        let short = length < 16 ? UInt8(length) << Operation.insertLengthShift : 0
        append(origin, short | Operation.insertKind)
        if short == 0 { operations.appendVarint(length) }
        UTF8Text.encode(units, in: range, into: &operations)
    }

    /// Appends operations that were written elsewhere and name no other replica; they are not the first ones.
    mutating func append(_ written: borrowing ByteRow, count added: Int) {
        assert(count > 0, "The first operation can give the change a shape of its own.")
        count += added
        shortcut = nil
        written.read(0..<written.count, into: &operations)
    }

    private mutating func append(_ origin: Origin, _ tag: UInt8) {
        switch origin {
        case .newest: operations.append(tag | Operation.originNewest)
        case .start(let target):
            operations.append(tag | Operation.originStart)
            append(target)
        case .own(let distance):
            operations.append(tag | Operation.originOwn)
            operations.appendVarint(UInt64(distance))
        case .other(let replica, let counter):
            operations.append(tag | Operation.originOther)
            append(replica, counter)
        }
    }

    private mutating func append(_ target: Target) {
        switch target {
        case .root(let name): operations.appendPrefixed(name.utf8)
        case .nested(let reference):
            operations.append(0)
            append(reference)
        }
    }

    private mutating func append(_ reference: Reference) {
        switch reference {
        case .own(let distance): operations.appendVarint(UInt64(distance))
        case .other(let replica, let counter):
            operations.append(0)
            append(replica, counter)
        }
    }

    mutating func deleteOwn(distance: UInt32, count length: UInt32) {
        count += 1
        shortcut = length == 1 && count == 1 ? (.erasing, UInt64(distance)) : nil
        operations.append(Self.short(length) | Operation.deleteKind)
        operations.appendVarint(UInt64(distance))
        if length >= 32 { operations.appendVarint(UInt64(length)) }
    }

    mutating func delete(of replica: ReplicaID, counter: UInt32, count length: UInt32) {
        count += 1
        shortcut = nil
        operations.append(Self.short(length) | Operation.deleteKind | Operation.deleteOther)
        append(replica, counter)
        if length >= 32 { operations.appendVarint(UInt64(length)) }
    }

    private static func short(_ length: UInt32) -> UInt8 {
        length < 32 ? UInt8(length) << Operation.deleteCountShift : 0
    }

    private mutating func append(_ replica: ReplicaID, _ counter: UInt32) {
        if let index = dependencies.index(of: replica) {
            operations.appendVarint(index + 1)
        } else if let index = namedIndex(of: replica) {
            operations.appendVarint(dependencies.replicaCount + index + 1)
        } else {
            operations.append(0)
            operations.appendVarint(replica.rawValue)
            note(named: replica)
        }
        operations.appendVarint(UInt64(counter))
    }

    private func namedIndex(of replica: ReplicaID) -> Int? {
        namedIndices.isEmpty ? named.firstIndex(of: replica) : namedIndices[replica.rawValue].map(Int.init)
    }

    private mutating func note(named replica: ReplicaID) {
        named.append(replica)
        numbered?.append(replica)
        if !namedIndices.isEmpty {
            namedIndices[replica.rawValue] = UInt32(named.count - 1)
        } else if named.count == 16 {
            for (index, replica) in named.enumerated() { namedIndices[replica.rawValue] = UInt32(index) }
        }
    }

    // MARK: Lists and maps

    /// A value that is written: one that names nothing, or a container that is created or was before.
    enum WrittenValue {
        case plain(StoredValue)
        case new(ContainerKind)
        case existing(Reference)
        case unset
    }

    /// The replicas that an operation can name by number, in that order.
    mutating func numberedReplicas() -> [ReplicaID] {
        if let numbered { return numbered }
        let all = dependencies.isEmpty ? named : dependencies.replicas + named
        numbered = all
        return all
    }

    private mutating func begin(_ tag: UInt8) {
        lastOperation = operations.count
        count += 1
        shortcut = nil
        operations.append(tag)
    }

    private mutating func append(_ value: WrittenValue) {
        switch value {
        case .plain(let stored): operations.appendValue(stored)
        case .new(let kind): operations.appendNewContainer(kind)
        case .existing(let reference):
            operations.append(WireValue.tagExisting)
            append(reference)
        case .unset: operations.append(WireValue.tagUnset)
        }
    }

    mutating func insert(_ values: [WrittenValue], after origin: Origin) {
        lastOperation = operations.count
        count += 1
        shortcut = nil
        let short = values.count < 16 ? UInt8(values.count) << Operation.insertLengthShift : 0
        append(origin, short | Operation.insertItemsKind)
        if short == 0 { operations.appendVarint(values.count) }
        for value in values { append(value) }
    }

    mutating func set(_ key: [UInt8], in map: Target, to value: WrittenValue) {
        begin(Operation.otherKind | Operation.codeSet << Operation.codeShift)
        append(map)
        operations.appendPrefixed(key)
        append(value)
    }

    mutating func move(_ item: Reference, after origin: Reference?) {
        begin(Operation.otherKind | Operation.codeMove << Operation.codeShift)
        append(item)
        operations.append(origin == nil ? 0 : 1)
        if let origin { append(origin) }
    }

    mutating func restore(_ first: Reference, _ units: [UInt16]) {
        begin(Operation.otherKind | Operation.codeRestoreText << Operation.codeShift)
        append(first)
        operations.appendVarint(UTF8Text.utf8Count(of: units, in: 0..<units.count))
        UTF8Text.encode(units, in: 0..<units.count, into: &operations)
    }

    mutating func restore(_ first: Reference, _ values: [StoredValue]) {
        begin(Operation.otherKind | Operation.codeRestoreItems << Operation.codeShift)
        append(first)
        operations.appendVarint(values.count)
        for value in values { operations.appendValue(value) }
    }

    /// The whole change.
    mutating func finish(replica: ReplicaID, sequence: UInt64, lamportAdvance: UInt64) -> Change {
        let shape: ChangeShape = shortcut?.shape ?? (count == 1 ? .single : .several)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(operations.count + 24)
        let flags =
            (dependencies.isEmpty ? 0 : Change.dependenciesFlag) | (lamportAdvance == 0 ? 0 : Change.lamportFlag)
        bytes.append(Change.magic | Change.version | flags | shape.rawValue)
        let small = min(replica.rawValue, Change.replicaFollows)
        bytes.appendVarint(sequence << 3 | small)
        if small == Change.replicaFollows { bytes.appendVarint(replica.rawValue) }
        if !dependencies.isEmpty { dependencies.write(to: &bytes) }
        if lamportAdvance != 0 { bytes.appendVarint(lamportAdvance) }
        let start = bytes.count
        if let shortcut {
            bytes.appendVarint(shortcut.value)
        } else {
            if shape == .several { bytes.appendVarint(count) }
            bytes.append(contentsOf: operations)
        }
        let end = bytes.count
        if Change.checksumCount(forBodyCount: end) == 1 {
            bytes.append(Checksum.short(bytes, 0..<end))
        } else {
            bytes.appendLittleEndian(Checksum.crc32(bytes, 0..<end))
        }
        let change = Change(
            replica: replica,
            sequence: sequence,
            dependencies: dependencies,
            encoded: bytes,
            lamportAdvance: lamportAdvance,
            shape: shape,
            operations: start..<end
        )
        dependencies = Version()
        return change
    }
}
