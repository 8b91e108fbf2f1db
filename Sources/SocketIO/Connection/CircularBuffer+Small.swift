import NIOCore

extension CircularBuffer {
    /// An empty one with room for one element.
    ///
    /// NIO's own empty buffer has room for sixteen. A connection has half a dozen, and most stay empty: with that room they
    /// took 5 KiB of an idle connection's memory.
    static var small: CircularBuffer { CircularBuffer(initialCapacity: 1) }
}
