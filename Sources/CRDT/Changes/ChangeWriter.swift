/// Writes the operations of a local change while they are done.
struct ChangeWriter: Sendable {
    private var operations: [UInt8] = []
    private var count = 0
    /// Set while the change is one that has a shape of its own.
    private var shortcut: (shape: ChangeShape, value: UInt64)?
    private var dependencies = Version()
    /// Replicas that were named in operations and are not among the dependencies.
    private var named: [ReplicaID] = []

    var isEmpty: Bool { count == 0 }

    /// Starts a change that depends on `dependencies` and on its author's change before.
    mutating func begin(dependencies: Version) {
        operations.removeAll(keepingCapacity: true)
        named.removeAll()
        count = 0
        shortcut = nil
        self.dependencies = dependencies
    }

    enum Origin {
        case newest
        case start(RootName)
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
        switch origin {
        case .newest: operations.append(short | Operation.originNewest)
        case .start(let name):
            operations.append(short | Operation.originStart)
            operations.appendPrefixed(name.utf8)
        case .own(let distance):
            operations.append(short | Operation.originOwn)
            operations.appendVarint(UInt64(distance))
        case .other(let replica, let counter):
            operations.append(short | Operation.originOther)
            append(replica, counter)
        }
        if short == 0 { operations.appendVarint(length) }
        UTF8Text.encode(units, in: range, into: &operations)
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
        } else if let index = named.firstIndex(of: replica) {
            operations.appendVarint(dependencies.replicaCount + index + 1)
        } else {
            operations.append(0)
            operations.appendVarint(replica.rawValue)
            named.append(replica)
        }
        operations.appendVarint(UInt64(counter))
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
