/// Bounds on what a decoder accepts.
public struct DecodingLimits: Hashable, Sendable {
    /// The most bytes of a blob.
    public var maximumByteCount: Int
    /// The most changes in a set.
    public var maximumChangeCount: Int
    /// The most elements, alive or dead, of a document read from a snapshot. Deleted text takes no room in a snapshot but
    /// takes memory once it is loaded, so that this alone bounds what a small blob can ask for.
    public var maximumElementCount: Int

    /// Sets the bounds.
    public init(
        maximumByteCount: Int = 256 << 20,
        maximumChangeCount: Int = 1 << 22,
        maximumElementCount: Int = 1 << 27
    ) {
        self.maximumByteCount = maximumByteCount
        self.maximumChangeCount = maximumChangeCount
        self.maximumElementCount = maximumElementCount
    }

    /// Generous enough for the largest document the server keeps, and bounded.
    public static let `default` = DecodingLimits()
}

/// Several changes in one blob, in causal order: what travels in one message and what one log entry holds.
public enum ChangeSet {
    /// Writes the changes in order. One change alone is written as itself.
    public static func encode(_ changes: [Change]) -> [UInt8] {
        preconditionFailure("not yet")
    }

    /// Reads the changes of a blob that came from outside; a change alone is a set of one.
    ///
    /// - Throws: when any of the changes is damaged or a limit is passed. No change is returned then.
    /// - Complexity: O(n) for n bytes.
    public static func decode(_ bytes: [UInt8], limits: DecodingLimits = .default) throws(FormatError) -> [Change] {
        preconditionFailure("not yet")
    }
}
