import Foundation
import FuzzCRDT
import FuzzKit
import FuzzProtocol
import FuzzRedis
import Histories

/// What the command line asks for.
struct Options {
    var target = "all"
    var iterations = 100_000
    var seed: UInt64 = 1
    var list = false

    init?(arguments: [String]) {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            if name == "--list" {
                list = true
                continue
            }
            guard let value = rest.popFirst() else { return nil }
            switch name {
            case "--target": target = value
            case "--iterations":
                guard let count = Int(value), count >= 0 else { return nil }
                iterations = count
            case "--seed":
                guard let number = UInt64(value) else { return nil }
                seed = number
            default: return nil
            }
        }
    }
}

/// Random histories against the oracle: `--target histories`, not among `all`, because a million of them take long.
///
/// History n of a run has the seed `--seed` + n, so that one is repeated alone by its printed seed.
func runHistories(_ options: Options) {
    let start = ContinuousClock.now
    var large = 0
    var failed = 0
    for iteration in 0..<options.iterations {
        var history = RandomHistory(seed: options.seed &+ UInt64(iteration))
        if history.replicaCount == 50 { large += 1 }
        do {
            try history.run()
        } catch {
            print("seed \(options.seed &+ UInt64(iteration)): \(error)")
            failed += 1
        }
        guard (iteration + 1).isMultiple(of: 100_000) else { continue }
        print("histories: \(iteration + 1) done after \((ContinuousClock.now - start) / .seconds(1)) s")
        fflush(nil)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    print(
        "histories: \(options.iterations) from seed \(options.seed), \(large) of them with 50 replicas, "
            + "\(seconds) s, \(failed) failed"
    )
    exit(failed == 0 ? 0 : 1)
}

let usage = "usage: fuzz [--target NAME|all] [--iterations N] [--seed N] [--list]"
let targets = FuzzCRDT.targets + FuzzProtocol.targets + FuzzRedis.targets
guard let options = Options(arguments: Array(CommandLine.arguments.dropFirst())) else { fatalError(usage) }
if options.target == "histories" { runHistories(options) }
if options.target == "corners" { runCorners(percent: min(options.iterations, 100)) }
let chosen = targets.filter { options.target == "all" || $0.name == options.target }
precondition(!chosen.isEmpty, "No such target. There are: \(targets.map(\.name))")

for target in chosen {
    if options.list {
        print(target.name)
        continue
    }
    let corpus = target.corpus()
    let start = ContinuousClock.now
    for iteration in 0..<options.iterations {
        // Each input has its own seed, so that a crash is replayed alone: --seed (seed + iteration) --iterations 1.
        var generator = FuzzGenerator(seed: options.seed &+ UInt64(iteration))
        let input = generator.input(from: corpus)
        if options.iterations == 1 {
            print("input: \(input)")
            fflush(nil)
        }
        target.run(&generator, input)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    print("\(target.name): \(options.iterations) inputs from seed \(options.seed), \(seconds) s, no trap")
}
