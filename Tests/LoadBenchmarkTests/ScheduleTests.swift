import Testing

@testable import LoadBenchmark

@Suite("The schedule of an open loop")
struct ScheduleTests {
    private static func tickets(_ schedule: inout Schedule, until end: UInt64) -> [Schedule.Ticket] {
        var tickets: [Schedule.Ticket] = []
        while let ticket = schedule.take(now: end) { tickets.append(ticket) }
        return tickets
    }

    @Test("Every sender sends at its own fixed pace", arguments: [1, 2, 50])
    func pace(senderCount: Int) {
        var schedule = Schedule(senderCount: senderCount, rate: 1000, start: 5_000_000, seed: 7)
        // Ten intervals of a millisecond, and not a nanosecond of the next.
        let tickets = Self.tickets(&schedule, until: 5_000_000 + 10_000_000 - 1)
        #expect(tickets.count == senderCount * 10)
        for sender in 0..<senderCount {
            let times = tickets.filter { $0.sender == sender }.map(\.due)
            #expect(times.count == 10)
            #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == 1_000_000 })
            #expect((5_000_000..<6_000_000).contains(times[0]))
        }
    }

    @Test("Tickets come in the order of their times")
    func order() {
        var schedule = Schedule(senderCount: 20, rate: 5, start: 0, seed: 3)
        let times = Self.tickets(&schedule, until: 3_000_000_000).map(\.due)
        #expect(times.count >= 20 * 14)
        #expect(times == times.sorted())
        #expect(Set(times).count > 250)
    }

    @Test("A message that is late keeps the time at which it was due")
    func late() throws {
        var schedule = Schedule(senderCount: 1, rate: 10, start: 1000, seed: 1)
        let first = try #require(schedule.next)
        let early = schedule.take(now: first - 1)
        #expect(early == nil)
        let late = schedule.take(now: first + 90_000_000_000)
        #expect(late == .init(sender: 0, due: first))
        #expect(schedule.next == first + 100_000_000)
    }

    @Test("The same seed gives the same times, another one others")
    func seed() {
        var one = Schedule(senderCount: 5, rate: 1, start: 0, seed: 1)
        var same = Schedule(senderCount: 5, rate: 1, start: 0, seed: 1)
        var other = Schedule(senderCount: 5, rate: 1, start: 0, seed: 2)
        let times = Self.tickets(&one, until: 1_000_000_000)
        let again = Self.tickets(&same, until: 1_000_000_000)
        #expect(times == again)
        let others = Self.tickets(&other, until: 1_000_000_000)
        #expect(times != others)
    }

    @Test("Without senders nothing is due")
    func nobody() {
        var schedule = Schedule(senderCount: 0, rate: 1, start: 0, seed: 1)
        #expect(schedule.next == nil)
        let ticket = schedule.take(now: .max)
        #expect(ticket == nil)
    }
}
