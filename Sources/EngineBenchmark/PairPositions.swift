/// Turns the code points that traces count in into UTF-16 code units, by remembering where the surrogate pairs of a text are.
struct PairPositions {
    /// The offsets of the first halves, ascending.
    private var pairs: [Int] = []

    /// The pairs of a text.
    init(of text: [UInt16] = []) {
        self.splice(at: 0, deleting: 0, inserting: text)
    }

    /// Follows an edit of the text.
    mutating func splice(at offset: Int, deleting count: Int, inserting units: [UInt16]) {
        let inserted = units.indices.filter { UTF16.isLeadSurrogate(units[$0]) }
        if self.pairs.isEmpty, inserted.isEmpty { return }
        let before = self.pairs.filter { $0 < offset }
        let after = self.pairs.filter { $0 >= offset + count }
        self.pairs = before + inserted.map { $0 + offset } + after.map { $0 - count + units.count }
    }

    /// A splice in UTF-16, and follows it.
    mutating func splice(_ splice: Trace.Splice) -> Splice {
        let start = self.utf16Offset(ofCodePoint: splice.position)
        let end = self.utf16Offset(ofCodePoint: splice.position + splice.deleteCount)
        self.splice(at: start, deleting: end - start, inserting: splice.insert)
        return Splice(utf16Offset: start, deleteCount: end - start, insert: splice.insert)
    }

    private func utf16Offset(ofCodePoint codePoint: Int) -> Int {
        var offset = codePoint
        for pair in self.pairs {
            if pair >= offset { break }
            offset += 1
        }
        return offset
    }
}

/// One edit of a text, in UTF-16 code units.
struct Splice: Sendable {
    let utf16Offset: Int
    let deleteCount: Int
    let insert: [UInt16]

    init(utf16Offset: Int, deleteCount: Int, insert: [UInt16]) {
        self.utf16Offset = utf16Offset
        self.deleteCount = deleteCount
        self.insert = insert
    }

    /// A splice in the order of its JSON form.
    init(_ utf16Offset: Int, _ deleteCount: Int, _ insert: [UInt16]) {
        self.init(utf16Offset: utf16Offset, deleteCount: deleteCount, insert: insert)
    }
}
