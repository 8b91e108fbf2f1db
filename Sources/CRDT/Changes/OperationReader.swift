/// Reads the operations of a change one by one.
struct OperationReader {
    private var reader: ByteReader
    private let shape: ChangeShape
    /// `nil` before the number was read.
    private var left: Int?
    /// The replicas that operations can name by number: the dependencies', then those named in operations before.
    private var replicas: [ReplicaID]
    private let author: ReplicaID

    init(
        _ bytes: [UInt8],
        _ range: Range<Int>,
        shape: ChangeShape,
        author: ReplicaID,
        dependencies: borrowing Version
    ) {
        let replicas = dependencies.isEmpty ? [] : dependencies.replicas
        self.init(bytes, range, shape: shape, author: author, replicas: replicas)
    }

    init(
        _ bytes: [UInt8],
        _ range: Range<Int>,
        shape: ChangeShape,
        author: ReplicaID,
        replicas: [ReplicaID]
    ) {
        reader = ByteReader(bytes, from: range.lowerBound, to: range.upperBound)
        self.shape = shape
        left = shape == .several ? nil : 1
        self.replicas = replicas
        self.author = author
    }

    init(_ change: Change) {
        self.init(
            change.encoded,
            change.operations,
            shape: change.shape,
            author: change.replica,
            dependencies: change.dependencies
        )
    }

    /// The next operation, or `nil` after the last one, which must be where the bytes end.
    mutating func next() throws(FormatError) -> Operation? {
        let left: Int
        if let known = self.left {
            left = known
        } else {
            left = try reader.count()
            guard left > 0 else { throw .invalid }
        }
        if left == 0 {
            try reader.requireEnd()
            return nil
        }
        self.left = left - 1
        switch shape {
        case .typing:
            let start = reader.position
            guard try reader.byte() < 0x80 else { throw .illFormedUTF8 }
            return .insert(.newest, text: start..<start + 1)
        case .erasing:
            return .delete(first: .own(distance: try distance()), count: 1)
        case .single, .several:
            let tag = try reader.byte()
            switch tag & 3 {
            case Operation.insertKind: return try insertion(tag)
            case Operation.deleteKind: return try deletion(tag)
            case Operation.insertItemsKind: return try itemInsertion(tag)
            default: return try other(tag)
            }
        }
    }

    // MARK: Insertions

    private mutating func insertion(_ tag: UInt8) throws(FormatError) -> Operation {
        let origin = try origin(tag)
        var length = Int(tag >> Operation.insertLengthShift)
        if length == 0 {
            length = try reader.count()
            guard length > 0 else { throw .invalid }
        }
        return .insert(origin, text: try reader.range(length))
    }

    private mutating func itemInsertion(_ tag: UInt8) throws(FormatError) -> Operation {
        let origin = try origin(tag)
        var count = Int(tag >> Operation.insertLengthShift)
        if count == 0 {
            count = try reader.count()
            guard count > 0 else { throw .invalid }
        }
        return .insertItems(origin, try values(count))
    }

    private mutating func origin(_ tag: UInt8) throws(FormatError) -> Operation.Origin {
        switch tag & 0b1100 {
        case Operation.originNewest: .newest
        case Operation.originStart: .start(try target())
        case Operation.originOwn: .element(.own(distance: try distance()))
        default: .element(try other())
        }
    }

    private mutating func values(_ count: Int) throws(FormatError) -> [WireValue] {
        guard count <= reader.remaining else { throw .truncated }
        var values: [WireValue] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try value()) }
        return values
    }

    private mutating func value() throws(FormatError) -> WireValue {
        try reader.value { (inner) throws(FormatError) in try Self.reference(&inner, &replicas, author) }
    }

    // MARK: Others

    private mutating func other(_ tag: UInt8) throws(FormatError) -> Operation {
        switch tag >> Operation.codeShift {
        case Operation.codeSet:
            let target = try target()
            let key = try reader.prefixedRange()
            guard key.count <= MapTable.maximumKeyCount else { throw .limitExceeded }
            guard UTF8Text.utf16Count(of: reader.bytes, in: key) != nil else { throw .illFormedUTF8 }
            return .set(target, key: key, try value())
        case Operation.codeMove:
            let item = try reference()
            switch try reader.varint() {
            case 0: return .move(item, after: nil)
            case 1: return .move(item, after: try reference())
            default: throw .invalid
            }
        case Operation.codeRestoreText:
            let first = try reference()
            let text = try reader.prefixedRange()
            guard !text.isEmpty else { throw .invalid }
            return .restoreText(first: first, text: text)
        case Operation.codeRestoreItems:
            let first = try reference()
            let count = try reader.count()
            guard count > 0 else { throw .invalid }
            return .restoreItems(first: first, try values(count))
        default: throw .unknownOperation
        }
    }

    // MARK: Names

    private mutating func target() throws(FormatError) -> Operation.Target {
        let name = try reader.prefixedRange()
        return name.isEmpty ? .nested(try reference()) : .root(name: name)
    }

    /// The distance of one of the author's elements, or 0 and another's element.
    private mutating func reference() throws(FormatError) -> Operation.Reference {
        try Self.reference(&reader, &replicas, author)
    }

    private static func reference(
        _ reader: inout ByteReader,
        _ replicas: inout [ReplicaID],
        _ author: ReplicaID
    ) throws(FormatError) -> Operation.Reference {
        let distance = try reader.varint32()
        return distance > 0 ? .own(distance: distance) : try other(&reader, &replicas, author)
    }

    private mutating func deletion(_ tag: UInt8) throws(FormatError) -> Operation {
        let isOther = tag & Operation.deleteOther != 0
        let first: Operation.Reference = isOther ? try other() : .own(distance: try distance())
        var count = UInt32(tag >> Operation.deleteCountShift)
        if count == 0 {
            count = try reader.varint32()
            guard count > 0 else { throw .invalid }
        }
        switch first {
        case .own(let distance):
            guard count <= distance else { throw .invalid }
        case .other(_, let counter):
            guard count <= UInt32.max - counter else { throw .overflow }
        }
        return .delete(first: first, count: count)
    }

    private mutating func distance() throws(FormatError) -> UInt32 {
        let distance = try reader.varint32()
        guard distance > 0 else { throw .invalid }
        return distance
    }

    private mutating func other() throws(FormatError) -> Operation.Reference {
        try Self.other(&reader, &replicas, author)
    }

    private static func other(
        _ reader: inout ByteReader,
        _ replicas: inout [ReplicaID],
        _ author: ReplicaID
    ) throws(FormatError) -> Operation.Reference {
        let number = try reader.varint()
        let replica: ReplicaID
        if number == 0 {
            replica = ReplicaID(try reader.varint())
            guard replica != author else { throw .invalid }
            replicas.append(replica)
        } else {
            guard number <= UInt64(replicas.count) else { throw .invalid }
            replica = replicas[Int(number) - 1]
        }
        return .other(replica, counter: try reader.varint32())
    }
}
