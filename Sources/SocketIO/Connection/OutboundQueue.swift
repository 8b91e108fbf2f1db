import NIOCore
import SocketIOProtocol

/// What waits to be sent on one connection, bounded by its owner.
///
/// Two lists, of which only one is in use: frames for a WebSocket, gathered so that a turn of the loop makes few writes,
/// and whole packets for polling, which has its own encoding. A packet that may be dropped remembers whose it is.
struct OutboundQueue {
    /// Frames up to this many bytes are copied together into one write; larger ones are handed on as they are.
    private static let gatherLimit = 16 * 1024

    /// Frames from this many bytes on are never copied: a buffer more in a gathering write costs less.
    private static let shareFrom = 2 * 1024

    private struct Chunk {
        var frames: ByteBuffer
        /// The socket that may be told that it lost this; nil when it must not be lost.
        var droppableFor: ObjectIdentifier?
        /// Whether `frames` may be shared with other connections.
        var isShared: Bool
    }

    /// A packet for polling, as messages only: its frames are made again should the connection go over to a WebSocket, which
    /// happens once if at all.
    private struct Waiting {
        let messages: [EngineMessage]
        /// As frames, so that a queue counts the same in both lists.
        let byteCount: Int
        var droppableFor: ObjectIdentifier?

        init(_ packet: EncodedPacket, droppableFor owner: ObjectIdentifier?) {
            self.messages = packet.messages
            self.byteCount = packet.byteCount
            self.droppableFor = owner
        }

        /// What keeping it takes besides its bytes: the entry here and the array of messages (80), and for each message an
        /// array and its place in that (64).
        var overhead: Int { 80 + 64 * self.messages.count }

        /// The bytes count once and in full, also where a broadcast shares them with other queues: each of those may be the
        /// one that keeps them, and a client's bound shall not depend on how slow others are.
        var memory: Int { self.byteCount + self.overhead }
    }

    private var chunks: CircularBuffer<Chunk> = .small
    private var packets: CircularBuffer<Waiting> = .small
    /// How many of the last chunks ``copySmallSlices()`` has not looked at.
    private var newChunks = 0

    /// The bytes of both lists.
    private(set) var byteCount = 0

    /// What waits for polling takes besides ``byteCount``.
    private var packetOverhead = 0
    /// The memory of the largest piece; nil when that piece has gone and nobody has looked since.
    private var largest: Int? = 0

    /// What both lists take in memory, about.
    var memory: Int { self.byteCount + self.packetOverhead }

    /// What counts against the bound: ``memory`` without the largest piece, so that one large message (a document, to
    /// somebody on a slow line) always gets through, whatever small ones follow it.
    ///
    /// - Complexity: O(1), and O(*n*) in the number of pieces once after the largest has gone.
    mutating func boundedMemory() -> Int {
        if let largest = self.largest { return self.memory - largest }
        var largest = 0
        for chunk in self.chunks { largest = max(largest, chunk.frames.readableBytes) }
        for waiting in self.packets { largest = max(largest, waiting.memory) }
        self.largest = largest
        return self.memory - largest
    }

    /// Whether nothing waits.
    var isEmpty: Bool { self.chunks.isEmpty && self.packets.isEmpty }

    /// Whether exactly one piece of frames waits.
    var hasOnePiece: Bool { self.chunks.count == 1 }

    /// Whether packets wait for polling.
    var hasPackets: Bool { !self.packets.isEmpty }

    /// Adds frames.
    ///
    /// The first frames of a turn are kept by reference: when nothing else follows, a broadcast costs no copy. From the
    /// second on they are copied behind one another, which is cheaper than one more buffer in the channel's queue. What is
    /// long, such as a room's packets of one turn, stays shared.
    mutating func append(frames: ByteBuffer, droppableFor owner: ObjectIdentifier?) {
        self.byteCount += frames.readableBytes
        guard
            let last = self.chunks.indices.last,
            self.chunks[last].droppableFor == owner,
            frames.readableBytes < Self.shareFrom,
            self.chunks[last].frames.readableBytes + frames.readableBytes <= Self.gatherLimit
        else {
            self.chunks.append(Chunk(frames: frames, droppableFor: owner, isShared: true))
            self.newChunks += 1
            self.noteAdded(frames.readableBytes)
            return
        }
        if self.chunks[last].isShared {
            let first = self.chunks[last].frames
            let capacity = max(2048, 2 * (first.readableBytes + frames.readableBytes))
            var own = ByteBufferAllocator().buffer(capacity: capacity)
            own.writeImmutableBuffer(first)
            self.chunks[last].frames = own
            self.chunks[last].isShared = false
        }
        self.chunks[last].frames.writeImmutableBuffer(frames)
        self.noteAdded(self.chunks[last].frames.readableBytes)
    }

    /// Something stays here: copies what is a small part of a large buffer, which it would keep in memory uncounted.
    ///
    /// - Complexity: O(*n*) in what was added since the last time.
    mutating func copySmallSlices() {
        for index in self.chunks.indices.suffix(self.newChunks) where self.chunks[index].isShared {
            let frames = self.chunks[index].frames
            guard frames.storageCapacity > 4 * frames.readableBytes else { continue }
            self.chunks[index].frames = ByteBufferAllocator().buffer(buffer: frames)
            self.chunks[index].isShared = false
        }
        self.newChunks = 0
    }

    /// Adds a packet for polling.
    mutating func append(packet: EncodedPacket, droppableFor owner: ObjectIdentifier?) {
        let waiting = Waiting(packet, droppableFor: owner)
        self.byteCount += waiting.byteCount
        self.packetOverhead += waiting.overhead
        self.packets.append(waiting)
        self.noteAdded(waiting.memory)
    }

    /// The next frames to write.
    mutating func popFrames() -> ByteBuffer? {
        guard let chunk = self.chunks.popFirst() else { return nil }
        self.byteCount -= chunk.frames.readableBytes
        self.noteRemoved(chunk.frames.readableBytes)
        return chunk.frames
    }

    /// The next packets for polling, as messages: at most `count` packets.
    mutating func popMessages(count: Int) -> [EngineMessage] {
        var messages: [EngineMessage] = []
        for _ in 0..<count {
            guard let waiting = self.packets.popFirst() else { break }
            self.forget(waiting)
            messages.append(contentsOf: waiting.messages)
        }
        return messages
    }

    /// The connection went over to a WebSocket: what waited for polling now waits as frames.
    mutating func convertPacketsToFrames() {
        while let waiting = self.packets.popFirst() {
            self.forget(waiting)
            self.append(frames: ServerFrames.encode(waiting.messages), droppableFor: waiting.droppableFor)
        }
    }

    /// Drops what belongs to the sockets for which `isTold` holds, and says for which of them there was something.
    mutating func dropDroppable(where isTold: (ObjectIdentifier) -> Bool) -> Set<ObjectIdentifier> {
        var losers: Set<ObjectIdentifier> = []
        self.chunks.removeAll { chunk in
            guard let owner = chunk.droppableFor, isTold(owner) else { return false }
            losers.insert(owner)
            self.byteCount -= chunk.frames.readableBytes
            return true
        }
        self.packets.removeAll { waiting in
            guard let owner = waiting.droppableFor, isTold(owner) else { return false }
            losers.insert(owner)
            self.byteCount -= waiting.byteCount
            self.packetOverhead -= waiting.overhead
            return true
        }
        self.largest = nil
        return losers
    }

    /// Forgets everything.
    mutating func removeAll() {
        self.chunks.removeAll()
        self.packets.removeAll()
        self.byteCount = 0
        self.packetOverhead = 0
        self.largest = 0
    }

    // MARK: Counting

    private mutating func forget(_ waiting: Waiting) {
        self.byteCount -= waiting.byteCount
        self.packetOverhead -= waiting.overhead
        self.noteRemoved(waiting.memory)
    }

    private mutating func noteAdded(_ memory: Int) {
        if let largest = self.largest { self.largest = max(largest, memory) }
    }

    private mutating func noteRemoved(_ memory: Int) {
        if let largest = self.largest, memory >= largest { self.largest = nil }
    }
}
