/// A way of using a document in which a careless engine takes time in the square of something.
///
/// Tests run it small and look at what comes out; `Tests/Fuzz`, target `corners`, runs it at two sizes and fails when the
/// CPU time grows faster than in proportion.
public struct Corner: Sendable {
    /// What is done.
    public let name: String
    /// The size for a test in a debug build.
    public let smallSize: Int
    /// The size for the driver, which also runs a quarter of it.
    public let fullSize: Int
    /// Does it, and throws when what came out is wrong.
    public let run: @Sendable (_ size: Int) throws -> Void

    /// All of them.
    public static let all: [Corner] = texts + containers
}

/// What came out of a corner is wrong.
public struct CornerFailure: Error {
    /// What is wrong.
    public var reason: String
}

func expect(_ condition: Bool, _ reason: @autoclosure () -> String) throws {
    if !condition { throw CornerFailure(reason: reason()) }
}
