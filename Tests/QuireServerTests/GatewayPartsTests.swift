import Collaboration
import NIOCore
import Testing

@testable import QuireServer

@Suite("Parts of the gateways")
struct GatewayPartsTests {
    @Test("A message is new once within the window, and one without an id always")
    func sentMessages() {
        let messages = SentMessages(window: .seconds(10))
        let begin = NIODeadline.uptimeNanoseconds(1_000_000_000)
        #expect(messages.isNew("id", from: "ada", in: "a", now: begin))
        #expect(!messages.isNew("id", from: "ada", in: "a", now: begin + .seconds(10)))
        #expect(messages.isNew("id", from: "grace", in: "a", now: begin + .seconds(10)))
        #expect(messages.isNew("id", from: "ada", in: "b", now: begin + .seconds(10)))
        #expect(messages.isNew("other", from: "ada", in: "a", now: begin + .seconds(10)))
        for _ in 0..<2 { #expect(messages.isNew(nil, from: "ada", in: "a", now: begin)) }
        #expect(messages.isNew("id", from: "ada", in: "a", now: begin + .seconds(11)))
    }

    @Test("A roster keeps the order and forgets rooms without members")
    func roster() {
        let roster = Roster()
        #expect(roster.add("1", name: "Ada", to: "room"))
        #expect(roster.add("2", name: "Grace", to: "room"))
        #expect(!roster.add("1", name: "Ada", to: "room"))
        #expect(roster.members(of: "room", limit: 9).first.map(\.name) == ["Ada", "Grace"])
        #expect(roster.remove("1", from: "room") && !roster.remove("1", from: "room"))
        #expect(!roster.remove("2", from: "elsewhere"))
        #expect(roster.remove("2", from: "room") && roster.count(of: "room") == 0)
    }

    @Test("A roster is the list it would be, whoever comes and goes, and names no more than is asked for")
    func rosterModel() {
        let roster = Roster()
        var model: [String] = []
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let socket = String(Int.random(in: 0..<30, using: &random))
            if Bool.random(using: &random) {
                #expect(roster.add(socket, name: socket, to: "room") == !model.contains(socket))
                if !model.contains(socket) { model.append(socket) }
            } else {
                #expect(roster.remove(socket, from: "room") == model.contains(socket))
                model.removeAll { $0 == socket }
            }
            let (first, count) = roster.members(of: "room", limit: 5)
            #expect(first.map(\.socket) == Array(model.prefix(5)) && count == model.count)
        }
    }

    @Test("Joining and leaving a room of many costs no more than one of few")
    func rosterCost() {
        let roster = Roster()
        let clock = ContinuousClock()
        // A list that is searched would take four hundred million steps.
        let time = clock.measure {
            for socket in 0..<20_000 { roster.add(String(socket), name: "x", to: "room") }
            for socket in 0..<20_000 { roster.remove(String(socket), from: "room") }
        }
        #expect(time < .seconds(5) && roster.count(of: "room") == 0)
    }

    @Test("Rooms and messages that only look alike are two")
    func spellings() {
        let roster = Roster()
        roster.add("1", name: "Ada", to: "caf\u{E9}")
        #expect(roster.count(of: "cafe\u{301}") == 0)
        let messages = SentMessages(window: .seconds(10))
        #expect(messages.isNew("12345678\u{E9}", from: "ada", in: "a"))
        #expect(messages.isNew("12345678e\u{301}", from: "ada", in: "a"))
    }

    @Test("An administrator has the role admin for every document")
    func administrator() throws {
        func administers(_ claim: [String: String]) throws -> Bool {
            try #require(DocumentGrants(claim: claim)).administersEverything
        }
        #expect(try administers(["*": "admin"]))
        #expect(try administers(["*": "admin", "notes": "read"]))
        #expect(try !administers(["*": "write", "a*": "admin", "notes": "admin"]))
        #expect(!DocumentGrants(everything: .write).administersEverything)
    }

    @Test("The process has some memory")
    func memory() throws {
        #expect(try #require(ResidentMemory.byteCount) > 1_000_000)
    }
}
