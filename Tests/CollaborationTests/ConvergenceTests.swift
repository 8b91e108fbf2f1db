import Collaboration
import TestSupport
import Testing

@Suite("Convergence of thin and full clients in one room")
struct ConvergenceTests {
    /// 200 histories from `FUZZ_FIRST_SEED` on; `FUZZ_SEED` replays one.
    static let seeds = Fuzz.replayedSeed.map { [$0] } ?? Array(Fuzz.firstSeed..<Fuzz.firstSeed + 200)

    @Test("Thin and full clients end with one text, whatever the network does", arguments: Self.seeds)
    func mixed(seed: UInt64) async throws {
        let simulation = try await Simulation(seed: seed, thinCount: 2 + Int(seed % 2), fullCount: 1 + Int(seed % 3))
        for _ in 0..<400 { try await simulation.step(crashes: false) }
        try simulation.settle()
        simulation.check()
        #expect(simulation.harness.room.revision.rawValue > 10)
    }

    @Test(
        "After crashes nothing acknowledged is lost, and clients heal what the server lost",
        arguments: Self.seeds
    )
    func crashes(seed: UInt64) async throws {
        let simulation = try await Simulation(seed: seed, thinCount: Int(seed % 3), fullCount: 2 + Int(seed % 2))
        for _ in 0..<400 { try await simulation.step(crashes: true) }
        try simulation.settle()
        simulation.check()
    }

    @Test("Lists, maps and what is nested in them converge as well", arguments: Self.seeds)
    func trees(seed: UInt64) async throws {
        let simulation = try await Simulation(
            seed: seed,
            thinCount: Int(seed % 2),
            treeCount: 2 + Int(seed % 2),
            fullCount: 1 + Int(seed % 3)
        )
        for _ in 0..<400 { try await simulation.step(crashes: false) }
        try simulation.settle()
        simulation.check()
    }

    @Test("Lists and maps survive crashes like texts", arguments: Self.seeds)
    func treesAfterCrashes(seed: UInt64) async throws {
        let simulation = try await Simulation(seed: seed, thinCount: 0, treeCount: 2, fullCount: 2)
        for _ in 0..<400 { try await simulation.step(crashes: true) }
        try simulation.settle()
        simulation.check()
    }
}
