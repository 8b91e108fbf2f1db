import Foundation
import Logging
import NIOCore
import NIOPosix
import RedisCluster
import RedisWire
import Testing

/// What the documents' cluster will say, to Debian's redis-server.
@Suite("The client and a real Redis")
struct RealRedisTests {
    @Test("Streams, scripts, keys and channels")
    func commands() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let probe = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(probe.localAddress?.port)
        try await probe.close()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
        ]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        // Not SIGTERM: the test runner blocks it, and a child inherits that.
        defer { kill(process.processIdentifier, SIGKILL) }
        let client = RedisClient(
            configuration: try RedisConfiguration(url: "redis://127.0.0.1:\(port)/1"),
            eventLoop: group.next(),
            logger: Logger(label: "redis") { _ in SwiftLogNoOpLogHandler() }
        )
        client.start()
        #expect(try await client.reply(to: RESPCommand("SET", "k", .bytes([0, 255, 13, 10]))).text == "OK")
        #expect(try await client.reply(to: RESPCommand("GET", "k")).bytes == ByteBuffer(bytes: [0, 255, 13, 10]))
        #expect(try await client.reply(to: RESPCommand("GET", "none")).isNull)
        for number in 1...3 {
            let id = try await client.reply(to: RESPCommand("XADD", "s", "\(number)-0", "change", .int(number)))
            #expect(id.text == "\(number)-0")
        }
        let read = try await client.reply(to: RESPCommand("XREAD", "COUNT", 2, "STREAMS", "s", "1-0"))
        #expect(read.array?.first?.array?[1].array?.map { $0.array?[0].text } == ["2-0", "3-0"])
        #expect(try await client.reply(to: RESPCommand("XTRIM", "s", "MINID", "3-0")).int == 2)
        #expect(try await client.reply(to: RESPCommand("XRANGE", "s", "-", "+")).array?.count == 1)
        let script = "return {KEYS[1], ARGV[1], 7}"
        let hash = try #require(try await client.reply(to: RESPCommand("SCRIPT", "LOAD", .text(script))).text)
        let values = try await client.reply(to: RESPCommand("EVALSHA", .text(hash), 1, "key", "é"))
        #expect(values.array?.map { $0.text ?? "\($0.int ?? 0)" } == ["key", "é", "7"])
        let (messages, sink) = AsyncStream.makeStream(of: String.self)
        client.subscribe(to: [.channel("news"), .pattern(RedisTopic.literal("a*b") + "*")]) { event in
            switch event {
            case .active: sink.yield("active")
            case .message(let channel, let payload, _): sink.yield("\(channel) \(payload.readableBytes)")
            case .lost, .skipped: sink.yield("unexpected")
            }
        }
        var next = messages.makeAsyncIterator()
        #expect(await next.next() == "active")
        let large = [UInt8](repeating: 7, count: 4 << 20)
        #expect(try await client.reply(to: RESPCommand("PUBLISH", "news", .bytes(large))).int == 1)
        #expect(try await client.reply(to: RESPCommand("PUBLISH", "axb", "no")).int == 0)
        #expect(try await client.reply(to: RESPCommand("PUBLISH", "a*bc", "yes")).int == 1)
        #expect(await next.next() == "news \(4 << 20)")
        #expect(await next.next() == "a*bc 3")
        await client.shutdown()
        try await group.shutdownGracefully()
    }
}
