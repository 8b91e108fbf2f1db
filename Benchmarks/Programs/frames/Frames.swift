import Foundation
import NIOCore
import NIOEmbedded
import NIOWebSocket

/// A client's frames through `ClientFrameParser`, and through NIO's `WebSocketFrameDecoder` as before it: processor time of the
/// thread, in one process and in turns, the least of many rounds.
///
/// Both stand in a pipeline and end with the message's bytes, unmasked, in an array of their own. `ClientFrameParser.swift`
/// beside this file is a link to the server's.
@main
enum Frames {
    static func main() throws {
        let rounds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 30
        print("masked text frames; ns for one; least of \(rounds) rounds")
        print("  bytes  read                NIO        ours    ratio")
        for payload in [64, 1024, 65_536] {
            for read in [Read.frame, .packed] { try self.compare(payload, read, rounds: rounds) }
        }
    }

    /// How frames come out of the socket.
    enum Read: String {
        /// One a read.
        case frame = "a frame"
        /// As many as there are in reads of 16 KiB, cut wherever that ends.
        case packed = "16 KiB"
    }

    static func compare(_ payload: Int, _ read: Read, rounds: Int) throws {
        let count = max(64, min(20_000, (8 << 20) / payload))
        let reads = self.reads(payload, count, read)
        let channels = try [FrameSink.nio(), FrameSink.ours()]
        var best = [Double.infinity, .infinity]
        for round in 0..<rounds {
            // In turns, and each first as often as second.
            for index in round.isMultiple(of: 2) ? [0, 1] : [1, 0] {
                let (channel, sink) = channels[index]
                sink.reset()
                let begin = self.now()
                for bytes in reads { channel.pipeline.fireChannelRead(bytes) }
                best[index] = min(best[index], (self.now() - begin) / Double(count))
                precondition(sink.frames == count && sink.bytes == count * payload, "frames were lost")
                precondition(sink.last.allSatisfy { $0 == UInt8(ascii: "x") }, "a mask is still on")
            }
        }
        for (channel, _) in channels { _ = try? channel.finish() }
        let row = [best[0], best[1]].map { Self.pad(String(format: "%.0f", $0), 12) }.joined()
        print(
            Self.pad(String(payload), 7) + "  \(read.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0))" + row
                + Self.pad(String(format: "%.2fx", best[0] / best[1]), 9)
        )
    }

    /// What the socket reads, the frames with masks of their own.
    private static func reads(_ payload: Int, _ count: Int, _ read: Read) -> [ByteBuffer] {
        var all = ByteBuffer()
        var frames: [ByteBuffer] = []
        for index in 0..<count {
            var frame = ByteBuffer()
            frame.writeInteger(0x81 as UInt8)
            if payload < 126 {
                frame.writeInteger(0x80 | UInt8(payload))
            } else if payload < 65_536 {
                frame.writeInteger(0xFE as UInt8)
                frame.writeInteger(UInt16(payload))
            } else {
                frame.writeInteger(0xFF as UInt8)
                frame.writeInteger(UInt64(payload))
            }
            let mask = (0..<4).map { UInt8(truncatingIfNeeded: index &* 31 &+ $0 &* 7 &+ 1) }
            frame.writeBytes(mask)
            frame.writeBytes((0..<payload).map { UInt8(ascii: "x") ^ mask[$0 & 3] })
            switch read {
            case .frame: frames.append(frame)
            case .packed: all.writeBuffer(&frame)
            }
        }
        while all.readableBytes > 0 {
            // A buffer of its own, as from the socket.
            frames.append(ByteBuffer(bytes: all.readBytes(length: min(16_384, all.readableBytes)) ?? []))
        }
        return frames
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

/// Counts messages and keeps the last.
final class FrameSink {
    private(set) var frames = 0
    private(set) var bytes = 0
    private(set) var last: [UInt8] = []

    func reset() { (self.frames, self.bytes, self.last) = (0, 0, []) }

    func take(_ message: [UInt8]) {
        self.frames += 1
        self.bytes += message.count
        self.last = message
    }

    /// A pipeline as the server had it: NIO's decoder, and a handler that takes the mask off.
    static func nio() throws -> (EmbeddedChannel, FrameSink) {
        let sink = FrameSink()
        let channel = EmbeddedChannel()
        let decoder = ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: 1 << 24))
        try channel.pipeline.syncOperations.addHandlers([decoder, WholeFrames(sink)])
        return (channel, sink)
    }

    /// A pipeline as it is: one handler with the parser in it.
    static func ours() throws -> (EmbeddedChannel, FrameSink) {
        let sink = FrameSink()
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(Parts(sink))
        return (channel, sink)
    }
}

/// Behind NIO's decoder.
private final class WholeFrames: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame

    private let sink: FrameSink

    init(_ sink: FrameSink) { self.sink = sink }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let payload = Self.unwrapInboundIn(data).unmaskedData
        self.sink.take(Array(payload.readableBytesView))
    }
}

/// With our parser, as `WebSocketHandler` and its assembler use it.
private final class Parts: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let sink: FrameSink
    private var parser = ClientFrameParser()
    private var message: [UInt8] = []

    init(_ sink: FrameSink) { self.sink = sink }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.parser.feed(Self.unwrapInboundIn(data))
        while let part = self.parser.next() {
            part.append(to: &self.message)
            guard part.isLast else { continue }
            let message = self.message
            self.message = []
            self.sink.take(message)
        }
    }
}
