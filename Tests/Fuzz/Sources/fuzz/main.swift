import Foundation
import FuzzCRDT
import FuzzKit
import FuzzProtocol

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

let usage = "usage: fuzz [--target NAME|all] [--iterations N] [--seed N] [--list]"
let targets = FuzzCRDT.targets + FuzzProtocol.targets
guard let options = Options(arguments: Array(CommandLine.arguments.dropFirst())) else { fatalError(usage) }
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
