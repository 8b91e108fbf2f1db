import NIOCore

/// Buffers for what a channel reads that go when it was handled.
///
/// A channel keeps the buffers it has read into, to read into them again: 2 KiB for each idle connection, and 64 KiB for one
/// that has sent much at some time. One allocation costs a hundredth of the system call that fills it, so an idle connection
/// keeps none but the first, which is the smallest there is.
struct ReceiveBuffers: RecvByteBufferAllocator {
    private static let firstBytes = 64

    /// How large the next should be.
    private var adaptive = AdaptiveRecvByteBufferAllocator()
    private var isFirst = true

    /// Lets a channel use such buffers; before it has read anything.
    static func use(in channel: any Channel) throws {
        guard let options = channel.syncOptions else { return }
        // The channel keeps as many buffers as it reads at a time, which is one: whether there is more the poll tells.
        try options.setOption(.maxMessagesPerRead, value: 1)
        try options.setOption(.recvAllocator, value: ReceiveBuffers())
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        self.isFirst ? allocator.buffer(capacity: Self.firstBytes) : self.adaptive.buffer(allocator: allocator)
    }

    /// Whether the next may be larger, which means: not the one that was kept.
    mutating func record(actualReadBytes: Int) -> Bool {
        if self.isFirst {
            self.isFirst = false
        } else {
            _ = self.adaptive.record(actualReadBytes: actualReadBytes)
        }
        return true
    }
}
