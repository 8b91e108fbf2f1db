/// The name of one element: one UTF-16 code unit of text, for as long as the document lives, deleted or not.
public struct ElementID: Hashable, Sendable {
    /// The replica that inserted the element.
    public let replica: ReplicaID
    /// How many elements that replica had inserted before, over all roots.
    ///
    /// Dense: deletions consume none.
    public let counter: UInt32

    /// Names the element that `replica` inserted after `counter` others.
    @inlinable
    public init(replica: ReplicaID, counter: UInt32) {
        self.replica = replica
        self.counter = counter
    }
}
