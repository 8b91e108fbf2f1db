import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import RedisWire
import Testing

@testable import RedisCluster

@Suite("The client of Redis", .serialized)
struct RedisClientTests {
    private static let quiet = Logger(label: "redis") { _ in SwiftLogNoOpLogHandler() }

    /// Runs a test with a Redis that follows a script, and a client that is quick to give up.
    private func withClient(
        configure: (inout RedisConfiguration) -> Void = { _ in },
        script: @escaping FakeRedis.Script,
        _ test: (RedisClient, FakeRedis) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let redis = try await FakeRedis.start(on: group) { command, connection in
            script(command, connection) ?? (command == ["PING"] ? "+PONG\r\n" : nil)
        }
        var configuration = RedisConfiguration(port: redis.port)
        configuration.minimumBackoff = .milliseconds(20)
        configuration.commandTimeout = .milliseconds(500)
        configure(&configuration)
        let client = RedisClient(configuration: configuration, eventLoop: group.next(), logger: Self.quiet)
        client.start()
        try await test(client, redis)
        await client.shutdown()
        try await redis.stop()
        try await group.shutdownGracefully()
    }

    private func error(_ future: EventLoopFuture<RESPValue>) async -> RedisError? {
        do {
            _ = try await future.get()
            return nil
        } catch {
            return error as? RedisError
        }
    }

    @Test("Commands are answered in their order, however the replies are cut and joined")
    func pipelining() async throws {
        let held = NIOLockedValueBox("")
        let script: FakeRedis.Script = { command, _ in
            guard command[0] == "ECHO" else { return nil }
            // All replies at once, with the last.
            return held.withLockedValue { held in
                held += "$\(command[1].utf8.count)\r\n\(command[1])\r\n"
                return command[1] == "99" ? held : ""
            }
        }
        try await self.withClient(script: script) { client, redis async throws in
            let replies = (0..<100).map { client.send(RESPCommand("ECHO", .int($0))) }
            for (number, reply) in replies.enumerated() { #expect(try await reply.get().text == "\(number)") }
            #expect(redis.commands.filter { $0[0] == "ECHO" }.map { $0[1] } == (0..<100).map { "\($0)" })
            #expect(await client.figures().waitingCommands == 0)
        }
    }

    @Test("It logs in with user, password and database before anything else is said")
    func login() async throws {
        let ok: FakeRedis.Script = { command, _ in command == ["PING"] ? nil : "+OK\r\n" }
        try await self.withClient {
            $0.username = "ada"
            $0.password = "secret"
            $0.database = 3
        } script: {
            ok($0, $1)
        } _: { client, redis async throws in
            _ = try await client.reply(to: RESPCommand("SET", "a", "b"))
            let expected = [["AUTH", "ada", "secret"], ["SELECT", "3"], ["PING"], ["SET", "a", "b"]]
            #expect(redis.commands.prefix(4) == expected[...])
        }
    }

    @Test("What Redis refuses fails that command only, with its word")
    func refusal() async throws {
        try await self.withClient { command, _ in
            command[0] == "EVALSHA" ? "-NOSCRIPT No such\r\n" : nil
        } _: { client, _ async throws in
            let failure = await self.error(client.send(RESPCommand("EVALSHA", "x", 0)))
            #expect(failure?.code == .refused && failure?.word == "NOSCRIPT" && failure?.isRetryable == false)
            #expect(try await client.reply(to: RESPCommand("PING")).text == "PONG")
            #expect(await client.figures().reconnects == 0)
        }
    }

    @Test("A reply that does not come ends the connection, and those behind it; the next one works")
    func timeout() async throws {
        let script: FakeRedis.Script = { command, connection in
            command[0] == "GET" ? (connection == 1 ? nil : "$2\r\nok\r\n") : nil
        }
        try await self.withClient(script: script) { client, _ async throws in
            let (first, second) = (
                client.send(RESPCommand("GET", "a")), client.send(RESPCommand("GET", "b"), timeout: .seconds(9))
            )
            let failures = [await self.error(first)?.code, await self.error(second)?.code]
            #expect(failures == [.connectionLost, .connectionLost] || failures == [.timeout, .connectionLost])
            #expect(try await client.reply(to: RESPCommand("GET", "c")).text == "ok")
            let figures = await client.figures()
            #expect(figures.reconnects == 1 && figures.failedCommands == 2 && figures.isConnected)
        }
    }

    @Test("One that has less time than those before it fails alone, and its reply is passed over")
    func abandoned() async throws {
        let script: FakeRedis.Script = { command, _ in
            switch command[0] {
            case "BLPOP", "GET": nil
            case "GO": "$1\r\na\r\n$1\r\nb\r\n+went\r\n"
            case _: nil
            }
        }
        try await self.withClient(script: script) { client, _ async throws in
            let slow = client.send(RESPCommand("BLPOP", "q", 5), timeout: .seconds(10))
            let quick = client.send(RESPCommand("GET", "k"), timeout: .milliseconds(100))
            #expect(await self.error(quick)?.code == .timeout)
            let last = client.send(RESPCommand("GO"))
            #expect(try await slow.get().text == "a")
            #expect(try await last.get().text == "went")
            #expect(await client.figures().reconnects == 0)
        }
    }

    @Test("Without a connection commands wait for it, or fail at once, or when their time is over")
    func waiting() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let reserved = try await FakeRedis.start(on: group) { _, _ in nil }
        let port = reserved.port
        try await reserved.stop()
        var configuration = RedisConfiguration(port: port)
        configuration.minimumBackoff = .milliseconds(20)
        configuration.maximumBackoff = .milliseconds(100)
        configuration.maxQueuedCommands = 3
        configuration.maxQueuedBytes = 1000
        let client = RedisClient(configuration: configuration, eventLoop: group.next(), logger: Self.quiet)
        client.start()
        let patient = (0..<2).map { client.send(RESPCommand("ECHO", .int($0)), timeout: .seconds(10)) }
        #expect(await self.error(client.send(RESPCommand("A"), patience: .failsAtOnce))?.code == .notConnected)
        #expect(await self.error(client.send(RESPCommand("A"), timeout: .milliseconds(50)))?.code == .timeout)
        let large = RESPCommand("A", .bytes([UInt8](repeating: 0, count: 1000)))
        #expect(await self.error(client.send(large))?.code == .queueFull)
        let third = client.send(RESPCommand("ECHO", 2), timeout: .seconds(10))
        #expect(await self.error(client.send(RESPCommand("A")))?.code == .queueFull)
        #expect(await client.figures().isConnected == false)
        let redis = try await FakeRedis.start(on: group, port: port) { command, _ in
            command[0] == "ECHO" ? ":\(command[1])\r\n" : "+PONG\r\n"
        }
        for (number, reply) in (patient + [third]).enumerated() { #expect(try await reply.get().int == number) }
        let unanswered = client.send(RESPCommand("ECHO", 7))
        await client.shutdown()
        let last = await self.error(unanswered)
        #expect(last == nil || last?.code == .shutDown)
        #expect(await self.error(client.send(RESPCommand("A")))?.code == .shutDown)
        try await redis.stop()
        try await group.shutdownGracefully()
    }

    @Test("Subscribers learn when they are active, when they are not, and that there was a gap")
    func subscriptions() async throws {
        let script: FakeRedis.Script = { command, _ in
            switch command[0] {
            case "SUBSCRIBE", "PSUBSCRIBE":
                command.dropFirst().enumerated().map { index, name in
                    let kind = command[0].lowercased()
                    return "*3\r\n$\(kind.count)\r\n\(kind)\r\n$\(name.count)\r\n\(name)\r\n:\(index + 1)\r\n"
                }.joined()
            case _: nil
            }
        }
        try await self.withClient(script: script) { client, redis async throws in
            _ = try await client.reply(to: RESPCommand("PING"))
            let (events, sink) = AsyncStream.makeStream(of: String.self)
            let subscription = client.subscribe(to: [.channel("a"), .pattern("b*")]) { event in
                switch event {
                case .active(let afterGap): sink.yield("active \(afterGap)")
                case .lost: sink.yield("lost")
                case .message(let channel, let payload, let topic):
                    sink.yield("\(channel) \(String(buffer: payload)) \(topic.name)")
                case .skipped(let channel, let byteCount): sink.yield("\(channel) \(byteCount)")
                }
            }
            var next = events.makeAsyncIterator()
            #expect(await next.next() == "active false")
            // Hostile: answers nobody asked for, wrong types, topics nobody wants.
            redis.push(
                "*3\r\n$7\r\nmessage\r\n:5\r\n$1\r\nx\r\n*0\r\n:7\r\n*3\r\n$7\r\nmessage\r\n$1\r\nz\r\n$1\r\nx\r\n",
                to: 2
            )
            redis.push("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n", to: 2)
            redis.push("*4\r\n$8\r\npmessage\r\n$2\r\nb*\r\n$2\r\nbc\r\n$2\r\nho\r\n", to: 2)
            #expect(await next.next() == "a hi a")
            #expect(await next.next() == "bc ho b*")
            redis.drop(2)
            #expect(await next.next() == "lost")
            #expect(await next.next() == "active true")
            redis.push("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$5\r\nagain\r\n", to: 3)
            #expect(await next.next() == "a again a")
            client.unsubscribe(subscription)
            _ = await client.figures()
            redis.push("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$4\r\nlate\r\n", to: 3)
            _ = try await client.reply(to: RESPCommand("PING"))
            sink.finish()
            #expect(await next.next() == nil)
        }
    }

    @Test("Garbage from Redis, and replies to nothing, end the connection, which is made again")
    func garbage() async throws {
        let script: FakeRedis.Script = { command, connection in
            guard command[0] == "GET" else { return nil }
            return ["!!\r\n", "+a\r\n+b\r\n", "$2\r\nok\r\n"][min(connection, 3) - 1]
        }
        try await self.withClient(script: script) { client, _ async throws in
            #expect(await self.error(client.send(RESPCommand("GET", "a")))?.code == .connectionLost)
            #expect(try await client.reply(to: RESPCommand("GET", "b")).text == "a")
            var reply: RESPValue?
            for _ in 0..<20 where reply?.text != "ok" {
                reply = try? await client.reply(to: RESPCommand("GET", "c"))
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(reply?.text == "ok")
            #expect(await client.figures().reconnects == 2)
        }
    }

    @Test("What answers, but not as Redis does, is not taken for it")
    func echo() async throws {
        let script: FakeRedis.Script = { command, connection in
            connection == 1 && command == ["PING"] ? "*1\r\n$4\r\nPING\r\n" : nil
        }
        try await self.withClient(script: script) { client, redis async throws in
            #expect(try await client.reply(to: RESPCommand("PING")).text == "PONG")
            #expect(redis.commands.count == 3)
        }
    }

    @Test("A Redis that falls silent is noticed on both connections")
    func silence() async throws {
        let isSilent = NIOLockedValueBox(false)
        let script: FakeRedis.Script = { command, connection in
            if isSilent.withLockedValue({ $0 }) && connection <= 2 { return "" }
            return command[0] == "SUBSCRIBE" ? "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n" : nil
        }
        try await self.withClient {
            $0.pingInterval = .milliseconds(100)
        } script: {
            script($0, $1)
        } _: { client, _ async throws in
            let (events, sink) = AsyncStream.makeStream(of: String.self)
            client.subscribe(to: [.channel("a")]) { event in
                switch event {
                case .active(let afterGap): sink.yield("active \(afterGap)")
                case .lost: sink.yield("lost")
                case .message, .skipped: break
                }
            }
            var next = events.makeAsyncIterator()
            #expect(await next.next() == "active false")
            isSilent.withLockedValue { $0 = true }
            #expect(await next.next() == "lost")
            #expect(await next.next() == "active true")
            for _ in 0..<100 {
                if await client.figures().reconnects == 2 { break }
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(await client.figures().reconnects == 2)
        }
    }
}
