import Collaboration
import TestSupport
import Testing

@Suite("The table of rooms")
struct RoomTableTests {
    private let id = StoreConformance.name("a")

    @Test("One loads, all others wait, and all get the room in the order of asking")
    func oneLoader() {
        var table = RoomTable<String, Int>()
        guard case .load = table.request(id, waiter: 1) else { return fail("the first must load") }
        guard case .wait = table.request(id, waiter: 2) else { return fail("the second must wait") }
        guard case .wait = table.request(id, waiter: 3) else { return fail("the third must wait") }
        #expect(table[id] == nil)
        #expect(table.loaded(id, room: "room") == [1, 2, 3])
        guard case .use("room") = table.request(id, waiter: 4) else { return fail("it is open") }
        #expect(table.openRooms.map(\.room) == ["room"])
    }

    @Test("A failed load is told to all who wait, and the next request tries again")
    func failedLoad() {
        var table = RoomTable<String, Int>()
        _ = table.request(id, waiter: 1)
        _ = table.request(id, waiter: 2)
        #expect(table.failed(id) == [1, 2])
        #expect(table.isEmpty)
        guard case .load = table.request(id, waiter: 3) else { return fail("it must load again") }
    }

    @Test("Who asks while a room closes waits, and it is loaded again when it is gone")
    func closing() {
        var table = RoomTable<String, Int>()
        _ = table.request(id, waiter: 1)
        _ = table.loaded(id, room: "old")
        #expect(table.startUnloading(id) == "old")
        #expect(table.startUnloading(id) == nil)
        guard case .wait = table.request(id, waiter: 2) else { return fail("it is closing") }
        #expect(table.gone(id) == .load)
        #expect(table.loaded(id, room: "new") == [2])
        #expect(table[id] == "new")
    }

    @Test("A room that nobody asks for while it closes is gone; a failed one too")
    func gone() {
        var table = RoomTable<String, Int>()
        _ = table.request(id, waiter: 1)
        _ = table.loaded(id, room: "room")
        _ = table.startUnloading(id)
        #expect(table.gone(id) == .none)
        #expect(table.isEmpty)
        _ = table.request(id, waiter: 1)
        _ = table.loaded(id, room: "room")
        #expect(table.gone(id) == .none)
        #expect(table.isEmpty)
    }
}
