// Sets of changes from bytes: catching up after a time offline is a set of many keystrokes.

extension Document {
    /// Applies a set of changes row by row, in the lanes what they take; `nil`, and nothing was done, when it is not whole.
    ///
    /// A change that is damaged makes the whole set so: every row is looked at before the first is applied.
    ///
    /// - Throws: when a change is refused or the backlog is full: the first such error, once everything else was done.
    /// - Complexity: O(*n*) for *n* bytes, and what the changes cost.
    mutating func receiveSet(
        _ bytes: Span<UInt8>,
        _ patches: inout PatchBuffer
    ) throws(ChangeError) -> Reception? {
        guard let others = ChangeSet.changesBesidesKeystrokes(bytes) else { return nil }
        var cursor = SpanCursor(from: 1, to: bytes.count)
        let count = Int(truncatingIfNeeded: cursor.varint(bytes))
        var total = Reception()
        var refusal: ChangeError?
        var next = 0
        for index in 0..<count {
            let length = Int(truncatingIfNeeded: cursor.varint(bytes))
            let row = bytes.extracting(cursor.position..<cursor.position + length)
            cursor.position += length
            do throws(ChangeError) {
                var decoded: Change?
                if next < others.count, others[next].row == index {
                    decoded = others[next].change
                    next += 1
                }
                let one = try receive(row, decoded, &patches)
                total.applied += one.applied
                total.duplicates += one.duplicates
            } catch {
                refusal = refusal ?? error
            }
        }
        if let refusal { throw refusal }
        total.waiting = backlog.count
        return total
    }
}

extension ChangeSet {
    /// The changes of a set that are no keystrokes, each with its place in the set; `nil` when the set, or any change in
    /// it, is not well-formed.
    fileprivate static func changesBesidesKeystrokes(_ bytes: Span<UInt8>) -> [(row: Int, change: Change)]? {
        let limits = DecodingLimits.default
        guard bytes.count <= limits.maximumByteCount, bytes.count > 1, bytes[0] == magic else { return nil }
        var cursor = SpanCursor(from: 1, to: bytes.count)
        let count = cursor.varint(bytes)
        guard !cursor.failed, count <= UInt64(limits.maximumChangeCount) else { return nil }
        var others: [(row: Int, change: Change)] = []
        for index in 0..<Int(count) {
            let length = cursor.varint(bytes)
            guard !cursor.failed, length <= UInt64(bytes.count - cursor.position) else { return nil }
            let row = bytes.extracting(cursor.position..<cursor.position + Int(length))
            cursor.position += Int(length)
            if Change.isKeystroke(row) { continue }
            guard let change = try? Change(decoding: copy(row)) else { return nil }
            others.append((index, change))
        }
        return cursor.position == bytes.count ? others : nil
    }

    /// The bytes as an array of their own.
    static func copy(_ bytes: Span<UInt8>) -> [UInt8] {
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        for index in bytes.indices { copy.append(bytes[index]) }
        return copy
    }
}

extension Change {
    /// Whether the bytes are a well-formed change of one keystroke that depends on nothing but its author's changes before
    /// it: ``init(decoding:)`` would take them.
    static func isKeystroke(_ bytes: Span<UInt8>) -> Bool {
        let end = bytes.count - 1
        guard end >= 3, end < longChecksumCount else { return false }
        let isTyping = bytes[0] == magic | version | ChangeShape.typing.rawValue
        guard isTyping || bytes[0] == magic | version | ChangeShape.erasing.rawValue,
            Checksum.short(bytes.extracting(0..<end)) == bytes[end]
        else { return false }
        var cursor = SpanCursor(from: 1, to: end)
        let name = cursor.varint(bytes)
        guard name >> 3 < maximumSequence else { return false }
        if name & replicaFollows == replicaFollows, cursor.varint(bytes) < replicaFollows { return false }
        let operand = isTyping ? UInt32(cursor.byte(bytes)) : cursor.varint32(bytes)
        guard !cursor.failed, cursor.position == end else { return false }
        return isTyping ? operand < 0x80 : operand > 0
    }
}
