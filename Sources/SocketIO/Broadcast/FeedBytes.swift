import NIOCore

/// The frames of one turn, one behind the other, in buffers of which anybody may hold slices.
///
/// A buffer ends at 64 KiB, or with the packet that is longer by itself. That bounds what is copied when something is added
/// to a buffer that somebody holds a slice of already, and what a small slice keeps alive.
struct FeedBytes {
    private static let limit = 64 * 1024

    /// Where something ends.
    struct Place {
        var buffer: Int
        var offset: Int
    }

    private var buffers: [ByteBuffer] = []
    /// Whether the last buffer is a packet's own, as it came.
    private var isBorrowed = false
    /// The bytes of the turns before, of which the next is likely to have as many.
    private var expected = 0

    /// How many bytes there are.
    private(set) var count = 0

    /// Adds a packet's frames.
    ///
    /// - Returns: where they end.
    mutating func append(_ frames: ByteBuffer) -> Place {
        self.count += frames.readableBytes
        guard let last = self.buffers.indices.last,
            self.buffers[last].readableBytes + frames.readableBytes <= Self.limit
        else {
            // By reference: where nothing follows in this turn, a broadcast costs no copy.
            self.buffers.append(frames)
            self.isBorrowed = true
            return Place(buffer: self.buffers.count - 1, offset: frames.readableBytes)
        }
        if self.isBorrowed {
            let first = self.buffers[last]
            let capacity = max(self.expected, 4 * (first.readableBytes + frames.readableBytes))
            var own = ByteBufferAllocator().buffer(capacity: min(capacity, Self.limit))
            own.writeImmutableBuffer(first)
            self.buffers[last] = own
            self.isBorrowed = false
        }
        self.buffers[last].writeImmutableBuffer(frames)
        return Place(buffer: last, offset: self.buffers[last].readableBytes)
    }

    /// Hands over what lies between two places, a slice for each buffer.
    ///
    /// - Parameters:
    ///   - start: where it begins, in the buffer where its first byte lies.
    ///   - end: where it ends.
    ///   - body: gets the slices in order.
    func forEachSlice(from start: Place, to end: Place, _ body: (ByteBuffer) -> Void) {
        for index in start.buffer...end.buffer {
            let from = index == start.buffer ? start.offset : 0
            let to = index == end.buffer ? end.offset : self.buffers[index].readableBytes
            body(self.slice(of: index, from: from, to: to))
        }
    }

    /// What lies between two places of one buffer.
    func slice(of buffer: Int, from start: Int, to end: Int) -> ByteBuffer {
        let whole = self.buffers[buffer]
        if start == 0, end == whole.readableBytes { return whole }
        // A packet's frames are written into a buffer of their own, from its beginning.
        return whole.getSlice(at: start, length: end - start) ?? ByteBuffer()
    }

    /// Begins anew.
    mutating func removeAll() {
        self.expected = min(max(self.count, self.expected / 2), Self.limit)
        self.buffers.removeAll()
        self.count = 0
    }
}
