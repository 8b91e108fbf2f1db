/// Encoded changes, one after the other: where local edits write what is to be sent, without an allocation for each.
///
/// It is lent to the edits and drained by whoever sends: take ``changeSet`` or go through ``forEach(from:_:)``, then
/// ``removeAll()``, which keeps the memory.
///
///     var changes = ChangeBuffer()
///     try document.insert([104, 105].span, at: 0, in: body, to: &changes)
///     send(changes.changeSet)
///     changes.removeAll()
public struct ChangeBuffer: ~Copyable, Sendable {
    /// Rows as in a change set: a varint length, then the change.
    var rows = ByteRow()

    /// How many changes it holds.
    public internal(set) var count = 0

    /// An empty buffer.
    public init() {}

    /// How many bytes it holds, lengths included: the place of the next change, for ``forEach(from:_:)``.
    public var byteCount: Int { rows.count }

    /// Forgets the changes and keeps the memory.
    public mutating func removeAll() {
        rows.removeAll()
        count = 0
    }

    /// All changes as one blob, as ``ChangeSet/encode(_:)`` writes it: one change alone is written as itself.
    ///
    /// - Complexity: O(n) for n bytes.
    public var changeSet: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(rows.count + 8)
        if count != 1 {
            bytes.append(ChangeSet.magic)
            bytes.appendVarint(count)
            rows.read(0..<rows.count, into: &bytes)
            return bytes
        }
        forEach { change in
            for index in change.indices { bytes.append(change[index]) }
        }
        return bytes
    }

    /// Lends the bytes of ``changeSet`` in two pieces: what does not need an array of them spares a copy.
    func withChangeSet(_ body: (Span<UInt8>) -> Void) {
        if count == 1 {
            forEach { body($0) }
            return
        }
        var head = [ChangeSet.magic]
        head.appendVarint(count)
        body(head.span)
        rows.withSpan(0..<rows.count, body)
    }

    /// Goes through the changes in order.
    ///
    /// - Parameters:
    ///   - start: the ``byteCount`` of an earlier moment, to skip what was there then.
    ///   - body: is lent the bytes of one change.
    /// - Throws: what `body` throws.
    public func forEach<Failure: Error>(
        from start: Int = 0,
        _ body: (Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        var position = start
        while let range = nextRow(after: position) {
            try rows.withSpan(range, body)
            position = range.upperBound
        }
    }

    /// Lends the bytes of one change to `body`.
    ///
    /// - Parameters:
    ///   - start: the ``byteCount`` of the moment before the change was written.
    ///   - body: is lent the bytes.
    /// - Returns: what `body` returns; `nil` when nothing was written since that moment.
    /// - Throws: what `body` throws.
    public func withChange<Result, Failure: Error>(
        at start: Int,
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard let range = nextRow(after: start) else { return nil }
        return try rows.withSpan(range, body)
    }

    /// The place of the change whose row starts at `position`.
    @inline(__always)
    func nextRow(after position: Int) -> Range<Int>? {
        precondition(position >= 0, "No change starts before the first one.")
        guard position < rows.count else { return nil }
        let first = Int(rows[position])
        if first < 0x80, first < rows.count &- position { return position &+ 1..<position &+ 1 &+ first }
        return nextLongRow(after: position)
    }

    @inline(never)
    private func nextLongRow(after position: Int) -> Range<Int>? {
        var start = position + 1
        var length = Int(rows[position] & 0x7F)
        var shift = 7
        while rows[start - 1] >= 0x80 {
            precondition(start < rows.count && shift < 42, "No change starts there.")
            length |= Int(rows[start] & 0x7F) << shift
            start += 1
            shift += 7
        }
        precondition(length <= rows.count - start, "No change starts there.")
        return start..<start + length
    }

    /// Appends a change that was written elsewhere.
    @_optimize(speed)
    mutating func append(_ change: Change) {
        var length: [UInt8] = []
        length.appendVarint(change.encoded.count)
        rows.append(length)
        rows.append(change.encoded)
        count += 1
    }

    /// Sequences from this on do not fit into the few bytes of a keystroke.
    static let maximumShortSequence: UInt64 = 0x1_0000_0000

    /// Appends a change of two words at most: a first byte without flags, the name, and up to seven bytes more.
    @_optimize(speed)
    @_transparent
    mutating func append(_ shape: ChangeShape, start: NextName, operand: UInt64, _ operandCount: UInt64) {
        assert(operandCount < 8, "A change is too long for two words.")
        let word = start.bytes | UInt64(shape.rawValue) | operand &<< start.bitCount
        let byteCount = start.bitCount &>> 3 &+ operandCount
        self.count &+= 1
        if byteCount <= 6 {
            // Its length, itself and its checksum are one word together.
            let sum = Checksum.finish(Checksum.fold(0, word), count: Int(truncatingIfNeeded: byteCount))
            let row = word &<< 8 | (byteCount &+ 1) | UInt64(sum) &<< (byteCount &* 8 &+ 8)
            rows.append(word: row, byteCount: Int(truncatingIfNeeded: byteCount &+ 2))
        } else {
            append(word, operand &>> (64 &- start.bitCount), byteCount)
        }
    }

    /// Appends a change of 7 to 15 bytes and its checksum.
    @_optimize(speed)
    private mutating func append(_ word: UInt64, _ rest: UInt64, _ byteCount: UInt64) {
        var sum = Checksum.fold(0, word)
        if byteCount > 8 { sum = Checksum.fold(sum, rest) }
        let last = UInt64(Checksum.finish(sum, count: Int(truncatingIfNeeded: byteCount)))
        rows.append(word: byteCount &+ 1, byteCount: 1)
        if byteCount < 8 {
            rows.append(word: word | last &<< (byteCount &* 8), byteCount: Int(truncatingIfNeeded: byteCount &+ 1))
        } else {
            let left = byteCount &- 8
            rows.append(word: word, byteCount: 8)
            rows.append(word: rest | last &<< (left &* 8), byteCount: Int(truncatingIfNeeded: left &+ 1))
        }
    }
}

/// Varints in a register.
enum ShortVarint {
    /// The bytes of a number below 2^35, the first one lowest, and how many they are.
    @inline(__always)
    static func spread(_ value: UInt64) -> (bytes: UInt64, count: UInt64) {
        if value < 0x80 { return (value, 1) }
        let two = value & 0x7F | value &<< 1 & 0x7F00
        if value < 0x4000 { return (two | 0x80, 2) }
        let three = two | value &<< 2 & 0x7F_0000
        if value < 0x20_0000 { return (three | 0x8080, 3) }
        let four = three | value &<< 3 & 0x7F00_0000
        if value < 0x1000_0000 { return (four | 0x80_8080, 4) }
        return (four | value &<< 4 & 0x7F_0000_0000 | 0x8080_8080, 5)
    }
}
