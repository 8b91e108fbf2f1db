import CRDT
import NIOCore

/// One connection of the load: a plain handler that finds the frames itself and looks at as few of their bytes as it can.
///
/// Belongs to the generator's event loop. Nothing here makes a task, parses JSON or copies a payload once it has joined.
final class LoadClient: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How far it is.
    enum State {
        case connecting, upgrading, opening, entering, joining, joined, closed
    }

    /// What the next binary frames belong to.
    enum Attachments {
        case none
        case signal
        /// Of the room's client at this position, or of several when there is none.
        case change(position: Int?, revision: Int)
        /// Of a join's ack.
        case joined(left: Int, isSnapshot: Bool)
    }

    let generator: LoadGenerator
    let room: LoadRoom
    /// Its number among all, and in the room.
    let index: Int, position: Int
    let isThin: Bool
    /// Whether it stops reading for a while; what it gets is counted apart.
    let isApart: Bool
    /// Set for those that send, and for the one that follows the document.
    var typist: Typist?
    var follows = false
    var state = State.connecting
    var attachments = Attachments.none
    var context: ChannelHandlerContext?
    var startTime: UInt64 = 0
    private var stream = FrameStream()
    private var head = ByteBuffer()

    // What it sent.
    var messages: MessageWriter?
    var signals = SentLog()
    var keystrokes = SentLog()
    var acks: [SentAck] = []
    var ackedCount = 0
    var sentCount = 0
    var trackedCount = 0
    var hasStopped = false
    var isDirty = false

    // What it got.
    var signalReceptions: [Reception] = []
    var keystrokeReceptions: [Reception] = []
    var receivedCount = 0
    var revision = 0
    /// The newest revision that an ack of its own told.
    var acknowledgedRevision = 0
    var isResynchronised = false
    /// What a join brought: changes or a snapshot.
    var catchUp: (bytes: [UInt8], isSnapshot: Bool)?
    /// Whether it ever was in the room.
    var joinedOnce = false
    /// Called once: with true when it is in the room, with false when it is known that it will not be.
    var onEntered: ((Bool) -> Void)?

    init(generator: LoadGenerator, room: LoadRoom, index: Int, position: Int, isThin: Bool, isApart: Bool) {
        self.generator = generator
        self.room = room
        self.index = index
        self.position = position
        self.isThin = isThin
        self.isApart = isApart
    }

    // MARK: Bytes

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        self.state = .upgrading
        let request = ClientFrames.upgradeRequest(
            path: "/socket.io/?EIO=4&transport=websocket",
            authority: "\(self.generator.settings.address.host):\(self.generator.settings.address.port)"
        )
        self.writeAndFlush(context.channel.allocator.buffer(string: request))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = Self.unwrapInboundIn(data)
        self.generator.now = NIODeadline.now().uptimeNanoseconds
        self.generator.totals.bytesReceived += buffer.readableBytes
        do {
            if self.state == .upgrading {
                try self.upgrade(buffer)
            } else {
                try self.stream.read(buffer) { self.receive($0) }
            }
        } catch {
            self.fail("the server sent what is no frame: \(error)")
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.generator.flush()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        guard self.state != .closed else { return }
        self.fail("the server closed the connection")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.fail("\(error)")
    }

    private func upgrade(_ buffer: ByteBuffer) throws {
        self.head.writeImmutableBuffer(buffer)
        let end = BytePattern("\r\n\r\n")
        guard let length = self.head.withUnsafeReadableBytes({ PacketCursor.find(end, in: $0) }) else { return }
        let text = self.head.readString(length: length) ?? ""
        guard text.hasPrefix("HTTP/1.1 101 ") else {
            return self.fail("refused: \(text.prefix { $0 != "\r\n" && $0 != "\r" })")
        }
        self.head.moveReaderIndex(forwardBy: end.count)
        self.state = .opening
        let rest = self.head
        self.head = ByteBuffer()
        try self.stream.read(rest) { self.receive($0) }
    }

    @inline(__always)
    private func receive(_ frame: ServerFrame) {
        switch frame.opcode {
        case .text: self.receiveText(frame.payload)
        case .binary: self.receiveBinary(frame.payload)
        case .ping: self.send(ClientFrames.pong, frame.payload)
        case .close: self.fail("the server closed the WebSocket")
        case .pong: break
        }
    }

    // MARK: Writing

    /// Writes; what flushes is the end of the read, or of the turn of the schedule.
    func write(_ buffer: ByteBuffer) {
        guard let context = self.context else { return }
        self.generator.totals.bytesSent += buffer.readableBytes
        context.write(Self.wrapOutboundOut(buffer), promise: nil)
        if !self.isDirty {
            self.isDirty = true
            self.generator.dirty.append(self)
        }
    }

    /// Writes and flushes one frame.
    func send(_ opcode: UInt8, _ payload: some Collection<UInt8>) {
        var bytes: [UInt8] = []
        ClientFrames.append(opcode, payload, to: &bytes)
        self.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    private func writeAndFlush(_ buffer: ByteBuffer) {
        self.generator.totals.bytesSent += buffer.readableBytes
        self.context?.writeAndFlush(Self.wrapOutboundOut(buffer), promise: nil)
    }

    /// Tells who waits for it to be in the room.
    func noteEntered(_ isIn: Bool) {
        let onEntered = self.onEntered
        self.onEntered = nil
        onEntered?(isIn)
    }

    /// Ends the connection, and tells nobody.
    func close() {
        self.state = .closed
        self.context?.close(promise: nil)
    }

    /// Ends the connection for a reason that makes the run a failure.
    func fail(_ reason: String) {
        guard self.state != .closed else { return }
        self.close()
        self.generator.figures.lostConnections[reason, default: 0] += 1
        self.noteEntered(false)
    }
}

@available(*, unavailable)
extension LoadClient: Sendable {}
