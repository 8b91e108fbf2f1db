/// The bytes of a history, numbers of one kind together.
struct HistoryColumns: Sendable {
    var kinds: [UInt8] = []
    /// The author, where it is another than the item's before, and the number of items until then.
    var authors: [UInt8] = []
    var counts: [UInt8] = []
    /// Distances of references: their lowest bytes, and the rest.
    var references: [UInt8] = []
    var referenceRests: [UInt8] = []
    var sizes: [UInt8] = []
    var advances: [UInt8] = []
    var dependencies: [UInt8] = []
    var text: [UInt8] = []
    var others: [UInt8] = []
}

/// How far the columns of a history are read, each of its own or all in one array of bytes.
struct HistoryCursors {
    var kinds: ByteReader
    var authors: ByteReader
    var counts: ByteReader
    var references: ByteReader
    var referenceRests: ByteReader
    var sizes: ByteReader
    var advances: ByteReader
    var dependencies: ByteReader
    var text: ByteReader
    var others: ByteReader

    init(_ columns: HistoryColumns) {
        kinds = ByteReader(columns.kinds)
        authors = ByteReader(columns.authors)
        counts = ByteReader(columns.counts)
        references = ByteReader(columns.references)
        referenceRests = ByteReader(columns.referenceRests)
        sizes = ByteReader(columns.sizes)
        advances = ByteReader(columns.advances)
        dependencies = ByteReader(columns.dependencies)
        text = ByteReader(columns.text)
        others = ByteReader(columns.others)
    }

    /// Finds the columns where they are in the bytes of a history.
    init(_ source: inout ByteReader) throws(FormatError) {
        kinds = try Self.column(&source)
        authors = try Self.column(&source)
        counts = try Self.column(&source)
        references = try Self.column(&source)
        referenceRests = try Self.column(&source)
        sizes = try Self.column(&source)
        advances = try Self.column(&source)
        dependencies = try Self.column(&source)
        text = try Self.column(&source)
        others = try Self.column(&source)
    }

    private static func column(_ source: inout ByteReader) throws(FormatError) -> ByteReader {
        let range = try source.prefixedRange()
        return ByteReader(source.bytes, from: range.lowerBound, to: range.upperBound)
    }

    /// What is not read yet, as columns that can be written on.
    var rest: HistoryColumns {
        var columns = HistoryColumns()
        columns.kinds = kinds.rest
        columns.authors = authors.rest
        columns.counts = counts.rest
        columns.references = references.rest
        columns.referenceRests = referenceRests.rest
        columns.sizes = sizes.rest
        columns.advances = advances.rest
        columns.dependencies = dependencies.rest
        columns.text = text.rest
        columns.others = others.rest
        return columns
    }

    func requireEnd() throws(FormatError) {
        try authors.requireEnd()
        try counts.requireEnd()
        try references.requireEnd()
        try referenceRests.requireEnd()
        try sizes.requireEnd()
        try advances.requireEnd()
        try dependencies.requireEnd()
        try others.requireEnd()
        guard text.remaining == 0 else { throw .invalid }
    }
}

extension ByteReader {
    fileprivate var rest: [UInt8] { Array(bytes[position..<end]) }
}
