import Foundation

/// What the benchmarks edit, as JSON: other engines that read it edit exactly the same, at offsets in UTF-16.
public enum BenchmarkInputs {
    /// A trace as one line of JSON.
    ///
    /// The object has the `trace`'s name, the number of `replicas`, the text `expected` in the end, and `transactions`:
    /// arrays of the replica that makes it, the transactions that it receives before, and the edits as `[offset, deleted,
    /// inserted]`.
    ///
    /// - Throws: ``WrongResult`` when the trace does not lead to its own text.
    public static func json(of trace: Trace, named name: String) throws -> String {
        let subject = try Subject(trace)
        let whole = Whole(
            trace: name,
            replicas: subject.replicas.count,
            expected: String(decoding: subject.expected, as: UTF16.self),
            transactions: subject.transactions
        )
        return try self.line(whole)
    }

    /// The inputs of the rows without a trace as one line of JSON.
    ///
    /// - Throws: nothing in practice.
    public static func syntheticJSON() throws -> String {
        try self.line(
            Synthetic(
                crowds: SyntheticBenchmark.crowds,
                inputs: CRDTBenchmarks.inputs(count: CRDTBenchmarks.count),
                containers: ContainerBenchmarks.inputs(count: CRDTBenchmarks.count)
            )
        )
    }

    private static func line(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private struct Whole: Encodable {
        let trace: String
        let replicas: Int
        let expected: String
        let transactions: [Subject.Transaction]
    }

    private struct Synthetic: Encodable {
        let trace = "synthetic"
        let crowds: [Int]
        let inputs: [CRDTBenchmarks.Input]
        let containers: [ContainerBenchmarks.Input]
    }
}

extension Subject.Transaction: Encodable {
    /// Writes `[lane, [received], [edits]]`.
    func encode(to encoder: any Encoder) throws {
        var values = encoder.unkeyedContainer()
        try values.encode(self.lane)
        try values.encode(self.received)
        try values.encode(self.edits)
    }
}

extension Splice: Encodable {
    /// Writes `[offset, deleted, inserted]`.
    func encode(to encoder: any Encoder) throws {
        var values = encoder.unkeyedContainer()
        try values.encode(self.utf16Offset)
        try values.encode(self.deleteCount)
        try values.encode(String(decoding: self.insert, as: UTF16.self))
    }
}
