/// Every change of a document, packed: what people typed is one entry, not one for each character.
///
/// It gives the changes back byte by byte, and the document as it was at any version.
///
///     var history = History()
///     try history.append(change)
///     let before = try history.document(at: version, replica: ReplicaID(2))
public struct History: Sendable {
    private var writer = HistoryWriter()

    /// A history in which nothing has happened.
    public init() {}

    /// How many changes it has.
    public var changeCount: Int { writer.changeCount }

    /// What is known after all of it.
    public var version: Version { version { $0.next } }

    /// What has to be known before it: empty when it goes back to the beginning.
    public var start: Version { version { $0.start ?? 0 } }

    private func version(_ count: (HistoryReplica) -> UInt64) -> Version {
        var version = Version()
        for replica in writer.replicas where replica.start != nil { version[replica.id] = count(replica) }
        return version
    }

    /// Adds a change that was just applied.
    ///
    /// - Throws: `notReady` when it is not its author's next one. Nothing has changed then.
    /// - Complexity: O(n) for n bytes.
    public mutating func append(_ change: Change) throws(ChangeError) {
        try writer.append(change)
    }

    // MARK: Looking back

    /// The changes that somebody at `version` lacks, in the order in which they were added; `nil` when some of them are
    /// older than the history.
    ///
    /// - Complexity: O(i + n) for i entries of the history and n changes that are lacked.
    public func changes(since version: Version) -> [Change]? {
        guard version.covers(start) else { return nil }
        let (columns, replicas) = writer.finish()
        var reader = HistoryReader(HistoryCursors(columns), replicas)
        var changeWriter = ChangeWriter()
        var changes: [Change] = []
        do throws(FormatError) {
            while try reader.next() {
                let item = reader.item
                let known = version[reader.replicas[item.author].id]
                if item.sequence + UInt64(item.count) <= known { continue }
                let first = known > item.sequence ? Int(known - item.sequence) : 0
                reader.expand(first..<item.count, &changeWriter) { changes.append($0) }
            }
        } catch {
            preconditionFailure("A history that was written cannot be read.")
        }
        return changes
    }

    /// The document as it was at a version, edited from now on by `replica`.
    ///
    /// - Parameters:
    ///   - version: what is known then; `nil` for everything.
    ///   - replica: an identifier that never wrote elsewhere. A document at an earlier version is for reading: whatever is
    ///     written in it was written without knowledge of what came later.
    /// - Returns: that document.
    /// - Throws: `notReady` when the version lacks something that a change of it depends on, or reaches beyond the history, or
    ///   the history does not go back to the beginning.
    /// - Complexity: as for receiving the history.
    public func document(at version: Version? = nil, replica: ReplicaID) throws(ChangeError) -> Document {
        guard start.isEmpty, version.map({ self.version.covers($0) }) ?? true else { throw .notReady }
        var document = Document(replica: replica)
        let (columns, replicas) = writer.finish()
        var reader = HistoryReader(HistoryCursors(columns), replicas)
        try document.apply(&reader, upTo: version)
        return document
    }

    // MARK: Bytes

    /// The whole history as bytes: a snapshot with history; see `FORMAT.md`.
    ///
    /// - Complexity: O(n) for n bytes.
    public var encoded: [UInt8] {
        let (columns, replicas) = writer.finish()
        return HistoryFormat.encode(columns, replicas)
    }

    /// Reads a history from bytes that came from outside.
    ///
    /// Whether its changes fit each other is found out when they are applied.
    ///
    /// - Throws: when the bytes are not exactly one well-formed history.
    /// - Complexity: O(n) for n bytes.
    public init(decoding bytes: [UInt8], limits: DecodingLimits = .default) throws(FormatError) {
        let (columns, replicas) = try HistoryFormat.parts(of: bytes, limits)
        var reader = HistoryReader(columns, replicas)
        var count = 0
        while try reader.next() {
            count += reader.item.count
            guard count <= limits.maximumChangeCount else { throw .limitExceeded }
        }
        writer = HistoryWriter(columns.rest, reader.replicas, changeCount: count)
    }
}

extension HistoryReader {
    /// Gives some of the changes of the item read last, one after the other: a few bytes can stand for very many.
    func expand<Failure: Error>(
        _ range: Range<Int>,
        _ writer: inout ChangeWriter,
        _ body: (Change) throws(Failure) -> Void
    ) throws(Failure) {
        if item.kind == .verbatim {
            if let verbatim, !range.isEmpty { try body(verbatim) }
            return
        }
        let expansion = HistoryExpansion(item, replicas, elements: elementsBefore)
        var position = item.bytes.lowerBound
        for index in 0..<range.upperBound {
            var end = position
            if item.kind == .insert {
                end += index == 0 ? item.firstByteCount : UTF8Text.byteCount(ofLead: columns.text.bytes[position])
            }
            if index >= range.lowerBound {
                try body(expansion.change(index, text: columns.text.bytes[position..<end], &writer))
            }
            position = end
        }
    }
}
