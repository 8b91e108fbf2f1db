import NIOCore
import SocketIOProtocol
import TestSupport
import Testing

@testable import SocketIO

@Suite("Parts without sockets")
struct PartsTests {
    @Test("The handshake answers RFC 6455's sample key as section 1.3 says")
    func handshake() {
        let response = String(buffer: WebSocketHandshake.response(key: "dGhlIHNhbXBsZSBub25jZQ==", headers: []))
        #expect(response.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
    }

    @Test("Base64 gives RFC 4648's vectors")
    func base64() {
        let vectors = ["": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "foobar": "Zm9vYmFy"]
        for (plain, encoded) in vectors {
            #expect(String(decoding: Base64.encode(Array(plain.utf8)), as: UTF8.self) == encoded)
            if !plain.isEmpty { #expect(Base64.decode(ArraySlice(encoded.utf8)) == Array(plain.utf8)) }
        }
        for bad in ["Zg=", "Z", "Zg==Zg==", "Z=g=", "Zm9\n"] {
            #expect(Base64.decode(ArraySlice(bad.utf8)) == nil, "\(bad)")
        }
    }

    @Test(
        "The UTF-8 validator agrees with the standard library, however the bytes are cut",
        arguments: [1, 2, 3] as [UInt64]
    )
    func utf8(seed: UInt64) {
        var state = seed
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(truncatingIfNeeded: state >> 33) % bound
        }
        let pieces: [[UInt8]] = [
            Array("plain ascii text".utf8), Array("é".utf8), Array("€".utf8), Array("🎈".utf8), [0xED, 0xA0, 0x80],
            [0xC0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF], [0xE0, 0x9F, 0xBF],
            [0xF0, 0x8F, 0xBF, 0xBF],
            [0x80], [0xFF], [0xE2, 0x82], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80],
        ]
        for _ in 0..<3000 {
            let bytes = (0..<next(5)).flatMap { _ in next(3) == 0 ? pieces[next(pieces.count)] : pieces[next(4)] }
            var validator = UTF8Validator()
            var isValid = true
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + 1 + next(9))
                isValid = isValid && Array(bytes[start..<end]).withUnsafeBytes { validator.feed($0) }
                start = end
            }
            isValid = isValid && validator.isComplete
            #expect(isValid == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
        }
    }

    @Test("A token bucket allows its burst, then its rate, and tells too much from far too much")
    func tokenBucket() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var bucket = TokenBucket(RateLimit(perSecond: 10, burst: 5), now: start)
        for _ in 0..<5 { #expect(bucket.spend(1, now: start) == .allowed) }
        for _ in 0..<5 { #expect(bucket.spend(1, now: start) == .refused) }
        #expect(bucket.spend(1, now: start) == .farBeyond)
        #expect(bucket.spend(1, now: start + .milliseconds(650)) == .refused)
        #expect(bucket.spend(1, now: start + .milliseconds(900)) == .allowed)
        var fresh = TokenBucket(RateLimit(perSecond: 10, burst: 5), now: start)
        #expect(fresh.spend(100, now: start) == .allowed, "one large message passes a full bucket")
        #expect(fresh.spend(1, now: start) == .farBeyond)
    }

    @Test("The address limiter forgets addresses that behave, and is bounded")
    func addressLimiter() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var limiter = AddressLimiter(RateLimit(perSecond: 1, burst: 1))
        for index in 0..<70_000 {
            let isAdmitted = limiter.admits("address \(index)", now: start)
            #expect(isAdmitted == (index < 65_536))
        }
        let later = start + .seconds(2)
        let isAdmitted = limiter.admits("newcomer", now: later)
        #expect(isAdmitted)
    }

    @Test("The origin policy compares whole origins, hosts and sub-domains, never prefixes")
    func originPolicy() {
        let policy = OriginPolicy(
            allowedOrigins: ["https://app.example", "https://*.quire.example", "http://localhost:5173"],
            allowsCredentials: false
        )
        let verdicts: [(String?, String?, Bool)] = [
            (nil, "h", true), ("https://app.example", "h", true), ("HTTPS://APP.example:443", "h", true),
            ("http://app.example", "h", false), ("https://app.example.evil", "h", false),
            ("https://evil-app.example", "h", false), ("https://a.quire.example", "h", true),
            ("https://a.b.quire.example", "h", true), ("https://quire.example", "h", false),
            ("https://evilquire.example", "h", false), ("https://.quire.example", "h", false),
            ("http://localhost:5173", "h", true), ("http://localhost", "h", false), ("null", "h", false),
            ("", "h", false),
            ("https://docs.example", "docs.example", true), ("http://docs.example:80", "docs.example", true),
            ("http://docs.example:8080", "docs.example:8080", true), ("http://docs.example:81", "docs.example", false),
            ("http://docs.example", nil, false), ("https://app.example/path", "h", false),
        ]
        for (origin, host, verdict) in verdicts {
            #expect(policy.admits(origin: origin, host: host) == verdict, "\(origin ?? "none") at \(host ?? "none")")
        }
        let open = OriginPolicy(allowedOrigins: ["*"], allowsCredentials: true)
        #expect(open.admits(origin: "null", host: nil) && !open.allowsCredentials)
    }

    @Test("The outbound queue gathers, keeps order, counts, and drops only what may be dropped")
    func outboundQueue() {
        final class Owner {}
        let owner = Owner()
        let other = Owner()
        var queue = OutboundQueue()
        let shared = ByteBuffer(string: "one")
        queue.append(frames: shared, droppableFor: nil)
        queue.append(frames: ByteBuffer(string: "two"), droppableFor: nil)
        queue.append(frames: ByteBuffer(string: "lost"), droppableFor: ObjectIdentifier(owner))
        queue.append(frames: ByteBuffer(string: "kept"), droppableFor: ObjectIdentifier(other))
        queue.append(frames: ByteBuffer(string: "three"), droppableFor: nil)
        #expect(String(buffer: shared) == "one", "a shared buffer must not change")
        #expect(queue.byteCount == 19)
        let losers = queue.dropDroppable { $0 == ObjectIdentifier(owner) }
        #expect(losers == [ObjectIdentifier(owner)])
        #expect(queue.byteCount == 15)
        var written: [String] = []
        while let frames = queue.popFrames() { written.append(String(buffer: frames)) }
        #expect(written == ["onetwo", "kept", "three"])
        #expect(queue.isEmpty && queue.byteCount == 0)

        let packet = EncodedPacket(namespace: "/", event: "e", args: [.binary([1])])
        queue.append(packet: packet, droppableFor: nil)
        queue.append(packet: packet, droppableFor: nil)
        #expect(queue.popMessages(count: 1).count == 2)
        queue.convertPacketsToFrames()
        #expect(queue.byteCount == packet.byteCount && !queue.hasPackets)
    }

    @Test("What counts against the bound is the memory of all but the largest piece, whatever came and went")
    func boundedMemory() {
        var random = SplitMix64(seed: 7)
        let small = EncodedPacket(namespace: "/", event: "e", args: [])
        let large = EncodedPacket(namespace: "/", event: "e", args: [.binary([UInt8](repeating: 1, count: 5000))])
        var queue = OutboundQueue()
        var model: [Int] = []
        for step in 0..<500 {
            if random.oneIn(2) {
                let packet = random.oneIn(10) ? large : small
                queue.append(packet: packet, droppableFor: nil)
                // Its bytes once, and what it takes to keep them: the second has an attachment.
                model.append(packet.byteCount + 80 + 64 * (packet.byteCount > 5000 ? 2 : 1))
            } else if !model.isEmpty {
                _ = queue.popMessages(count: 1)
                model.removeFirst()
            }
            #expect(queue.memory == model.reduce(0, +), "step \(step)")
            #expect(queue.boundedMemory() == model.reduce(0, +) - (model.max() ?? 0), "step \(step)")
        }
    }

    @Test("Session ids are 20 characters and do not repeat")
    func sessionIDs() {
        let ids = Set((0..<1000).map { _ in SessionIDs.make() })
        #expect(ids.count == 1000)
        #expect(
            ids.allSatisfy {
                $0.utf8.count == 20 && $0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
            }
        )
    }
}
