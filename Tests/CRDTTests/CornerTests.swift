import TestSupport
import Testing

@Suite("Corners")
struct CornerTests {
    @Test("What could take the square of the time does what it should", arguments: Corner.all.indices)
    func corner(_ index: Int) async throws {
        let corner = Corner.all[index]
        await Task.yield()
        try corner.run(corner.smallSize)
    }
}
