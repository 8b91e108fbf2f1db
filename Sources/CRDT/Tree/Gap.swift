/// A place between two elements of a root: after the first `offset` elements of a run.
///
/// `offset` is 0 only before the very first element of the root. The positions count visible UTF-16 code units and are
/// kept up to date by whatever moves the gap, so that the gap is also the cursor.
struct Gap: BitwiseCopyable, Sendable {
    var root: UInt32
    var leaf: UInt32
    /// Which run of the leaf.
    var index: Int
    /// How many elements of that run are on the left.
    var offset: Int
    /// How many visible units of the root are before that run, and before that leaf.
    var runStart: Int
    var leafStart: Int
}
