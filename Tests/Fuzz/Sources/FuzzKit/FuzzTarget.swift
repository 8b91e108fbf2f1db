/// One decoder under fuzz.
public struct FuzzTarget: Sendable {
    /// What `--target` calls it.
    public let name: String
    /// Feeds one input to the decoder.
    ///
    /// It may trap; that is a find. The generator is for choices inside of the run, such as where to cut a stream into
    /// pieces.
    public let run: @Sendable (_ generator: inout FuzzGenerator, _ input: [UInt8]) -> Void
    /// Valid inputs to mutate.
    ///
    /// Called once.
    public let corpus: @Sendable () -> [[UInt8]]

    /// Describes a decoder.
    public init(
        name: String,
        run: @escaping @Sendable (_ generator: inout FuzzGenerator, _ input: [UInt8]) -> Void,
        corpus: @escaping @Sendable () -> [[UInt8]]
    ) {
        self.name = name
        self.run = run
        self.corpus = corpus
    }
}
