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
        #expect(roster.members(of: "room").map(\.name) == ["Ada", "Grace"])
        #expect(roster.remove("1", from: "room") && !roster.remove("1", from: "room"))
        #expect(!roster.remove("2", from: "elsewhere"))
        #expect(roster.remove("2", from: "room") && roster.members(of: "room").isEmpty)
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
