import NIOCore
import Testing

@testable import LoadBenchmark

@Suite("Messages of the load")
struct MessageTests {
    /// The payloads of a client's frames, with their opcodes.
    private static func frames(_ bytes: [UInt8]) -> [(opcode: UInt8, payload: [UInt8])] {
        var frames: [(opcode: UInt8, payload: [UInt8])] = []
        var rest = bytes[...]
        while rest.count >= 2 {
            let opcode = rest.removeFirst() & 0x0F
            let length = rest.removeFirst()
            #expect(length & 0x80 != 0, "a client's frame is masked")
            var count = Int(length & 0x7F)
            if count == 126 { count = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst()) }
            #expect(rest.prefix(4).allSatisfy { $0 == 0 })
            rest = rest.dropFirst(4)
            frames.append((opcode, Array(rest.prefix(count))))
            rest = rest.dropFirst(count)
        }
        #expect(rest.isEmpty)
        return frames
    }

    private static func message(_ kind: MessageKind, isAcknowledged: Bool, stamp: Stamp) -> [(UInt8, String)] {
        let template = MessageWriter(document: "a", payloadBytes: 16).template(kind, isAcknowledged: isAcknowledged)
        var buffer = ByteBuffer()
        template.write(ack: 42, stamp: stamp, to: &buffer)
        return Self.frames(Array(buffer.readableBytesView)).map {
            ($0.opcode, String(decoding: $0.payload, as: UTF8.self))
        }
    }

    @Test("A message carries its stamp and the number of its ack")
    func templates() {
        let stamp = Stamp(sender: 1, number: 33)
        let payload = "00010000011xxxxx"
        let plain = Self.message(.signal, isAcknowledged: false, stamp: stamp)
        #expect(plain.map(\.1) == [#"42/docs,["signal","a","\#(payload)"]"#])
        let acknowledged = Self.message(.signal, isAcknowledged: true, stamp: stamp)
        #expect(acknowledged.map(\.1) == [#"42/docs,1000000042["signal","a","\#(payload)"]"#])
        let binary = Self.message(.binarySignal, isAcknowledged: true, stamp: stamp)
        #expect(binary.map(\.0) == [1, 2])
        #expect(
            binary.map(\.1) == [
                #"451-/docs,1000000042["signal","a",{"_placeholder":true,"num":0}]"#, payload,
            ]
        )
        let presence = Self.message(.presence, isAcknowledged: true, stamp: stamp)
        #expect(presence.map(\.1) == [#"42/docs,1000000042["presence","a",{"cursor":"\#(payload)"}]"#])
    }

    @Test("A stamp comes back as it was written", arguments: [0, 1, 31, 32, 1_048_575], [0, 31, 1 << 20, 1 << 34])
    func stamp(sender: Int, number: Int) {
        let stamp = Stamp(sender: sender, number: number)
        var bytes = [UInt8](repeating: 0x78, count: 20)
        bytes.withUnsafeMutableBytes { stamp.write(to: $0) }
        #expect(bytes.withUnsafeBytes { Stamp.read($0) } == stamp)
        #expect(bytes[Stamp.byteCount...].allSatisfy { $0 == 0x78 })
    }

    @Test("Other bytes are no stamp")
    func noStamp() {
        for text in ["", "0000000000", "xxxxxxxxxxxxxxxx", "0000000000\"", "0000/000000"] {
            #expect(Array(text.utf8).withUnsafeBytes { Stamp.read($0) } == nil, "\(text)")
        }
    }

    @Test("A mix comes out in its shares, and the rare kind is spread")
    func mix() throws {
        let mix = try #require(MessageMix("change=8,presence=2"))
        #expect(mix.pattern.count == 10)
        #expect(mix.pattern.count { $0 == .presence } == 2)
        let places = mix.pattern.indices.filter { mix.pattern[$0] == .presence }
        #expect(places[1] - places[0] == 5)
        #expect(try #require(MessageMix("binary-signal")).pattern == [.binarySignal])
    }

    @Test(
        "A mix that means nothing is refused",
        arguments: ["", "shout", "change=0", "change=x", "change,change", "signal=1001", "signal,"]
    )
    func noMix(text: String) {
        #expect(MessageMix(text) == nil)
    }

    @Test("A receiver tells new messages from old ones, and sees what was passed over")
    func reception() {
        var reception = Reception()
        let verdicts = [0, 1, 1, 4, 3].map { reception.receive($0) }
        #expect(verdicts == [.new(skipped: 0), .new(skipped: 0), .old, .new(skipped: 2), .old])
        #expect(reception.next == 5)
    }

    @Test("A message is finished when the last has it, once")
    func sentLog() {
        var log = SentLog()
        log.append(time: 10, awaited: 2)
        log.append(time: 20, awaited: 1)
        let finished = [1, 0, 0, 0].map { log.delivered($0) }
        #expect(finished == [true, false, true, false])
        #expect(log.time(of: 1) == 20)
    }

    @Test("Processor time and memory are read from behind the name, whatever that is")
    func processUsage() throws {
        let stat = "7 (a ) b (c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1 0 5 6 7"
        let usage = try #require(
            ProcessUsage(stat: stat, status: "Name:\tx\nVmRSS:\t    2048 kB\n", ticksPerSecond: 100)
        )
        #expect(usage.processorSeconds == 3)
        #expect(usage.residentBytes == 2 << 20)
        #expect(ProcessUsage(stat: "", status: "", ticksPerSecond: 100) == nil)
    }
}
