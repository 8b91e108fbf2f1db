import TestSupport
import Testing

@testable import CRDT

@Suite("Step functions")
struct StepFunctionTests {
    @Test("Whatever is added, values, steps and signs are those of a plain array", arguments: 0..<40 as Range<UInt64>)
    func likeAnArray(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var function = StepFunction()
        let size = 60
        var values = [Int64](repeating: 0, count: size + 1)
        for _ in 0..<120 {
            let start = Int.random(in: 0..<size, using: &generator)
            let end = Int.random(in: start...size, using: &generator)
            let number = Int64.random(in: -2...2, using: &generator)
            function.add(number, to: UInt64(start)..<UInt64(end))
            for key in start..<end { values[key] += number }
            check(function, values, "seed \(seed)")
        }
        for key in 0..<size { function.add(-values[key], to: UInt64(key)..<UInt64(key + 1)) }
        let (isZero, stepCount) = (function.isZero, function.stepCount)
        #expect(isZero && stepCount == 0, "seed \(seed)")
    }

    private func check(_ function: borrowing StepFunction, _ values: [Int64], _ comment: Comment) {
        var steps = 0
        for key in values.indices {
            if values[key] != (key == 0 ? 0 : values[key - 1]) { steps += 1 }
            let next = values.indices.first { $0 > key && values[$0] != values[$0 - 1] }
            let change = values[key] == 0 ? next : values.indices.first { $0 > key && values[$0] * values[key] <= 0 }
            #expect(function.value(at: UInt64(key)) == values[key], comment)
            #expect(function.nextStep(after: UInt64(key)) == next.map(UInt64.init), comment)
            #expect(function.nextSign(after: UInt64(key)) == change.map(UInt64.init), comment)
        }
        #expect(function.stepCount == steps, comment)
        #expect(function.minimum == values.min() ?? 0, comment)
        var visited = [Int64](repeating: 0, count: values.count)
        function.visit { (stretch, value) in for key in stretch { visited[Int(key)] = value } }
        #expect(visited == values, comment)
    }
}
