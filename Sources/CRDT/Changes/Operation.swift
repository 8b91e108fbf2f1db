/// An operation as it is written in a change: relative to its author's counter, text still in bytes.
enum Operation {
    /// Inserts the UTF-8 text at `text`.
    case insert(Origin, text: Range<Int>)
    /// Deletes `count` consecutive elements from `first` on.
    case delete(first: Reference, count: UInt32)

    /// What is on the left of an insertion.
    enum Origin {
        /// The element that the author inserted last.
        case newest
        /// Nothing: the start of the root whose name is at the range.
        case start(name: Range<Int>)
        case element(Reference)
    }

    /// How an element is named in a change.
    enum Reference {
        /// One of the author's: its newest element is at distance 1.
        case own(distance: UInt32)
        case other(ReplicaID, counter: UInt32)
    }

    // The first byte of an operation:
    //
    //      7  6  5  4   3  2   1  0
    //     +------------+------+------+
    //     | bytes or 0 | from | 0  0 |  insert
    //     +------------+-+----+------+
    //     | count or 0   | o  | 0  1 |  delete; o: another replica's
    //     +--------------+----+------+
    static let insertKind: UInt8 = 0
    static let deleteKind: UInt8 = 1
    static let originNewest: UInt8 = 0 << 2
    static let originStart: UInt8 = 1 << 2
    static let originOwn: UInt8 = 2 << 2
    static let originOther: UInt8 = 3 << 2
    static let deleteOther: UInt8 = 1 << 2
    static let insertLengthShift: UInt8 = 4
    static let deleteCountShift: UInt8 = 3
}

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
        reader = ByteReader(bytes, from: range.lowerBound, to: range.upperBound)
        self.shape = shape
        left = shape == .several ? nil : 1
        replicas = dependencies.isEmpty ? [] : dependencies.replicas
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
            default: throw .unknownOperation
            }
        }
    }

    private mutating func insertion(_ tag: UInt8) throws(FormatError) -> Operation {
        let origin: Operation.Origin
        switch tag & 0b1100 {
        case Operation.originNewest: origin = .newest
        case Operation.originStart: origin = .start(name: try reader.prefixedRange())
        case Operation.originOwn: origin = .element(.own(distance: try distance()))
        default: origin = .element(try other())
        }
        var length = Int(tag >> Operation.insertLengthShift)
        if length == 0 {
            length = try reader.count()
            guard length > 0 else { throw .invalid }
        }
        return .insert(origin, text: try reader.range(length))
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
