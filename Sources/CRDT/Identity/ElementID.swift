/// The name of one element, for as long as the document lives, deleted or not.
///
/// An element is a UTF-16 code unit of text, an item of a list, a move of an item, or the setting or unsetting of a key of a
/// map.
public struct ElementID: Hashable, Sendable {
    /// The replica that inserted the element.
    public let replica: ReplicaID
    /// How many elements that replica had inserted before, over all
    /// containers.
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
