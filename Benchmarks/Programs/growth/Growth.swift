import CRDT
import EngineBenchmark
import Foundation

/// `growth [MAXIMUM]`: what an edit costs in documents of ever more elements, as JSON, for `plot`.
///
/// A document grows by characters inserted at random places, which leaves it in as many pieces as can be; a second replica
/// receives every change from its bytes. At each size a window of edits of each kind is measured several times, and the
/// least is kept.
@main
struct Growth {
    private struct Point: Encodable {
        let kind: String
        let elements: Int
        let nanoseconds: Double
    }

    static func main() {
        let maximum = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 10_000_000
        Meter.keepFreedMemory()
        do {
            var growth = try GrowingDocument()
            var points: [Point] = []
            for size in Self.sizes(upTo: maximum) {
                let costs = try growth.grow(to: size)
                FileHandle.standardError.write(Data("\(size) elements: \(costs)\n".utf8))
                for (kind, cost) in costs { points.append(Point(kind: kind, elements: size, nanoseconds: cost)) }
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            print(String(decoding: try encoder.encode(points), as: UTF8.self))
        } catch {
            fatalError("\(error)")
        }
    }

    /// Four sizes a decade.
    private static func sizes(upTo maximum: Int) -> [Int] {
        var sizes: [Int] = []
        var exponent = 3.0
        while pow(10, exponent) <= Double(maximum) * 1.001 {
            sizes.append(Int(pow(10, exponent).rounded()))
            exponent += 0.25
        }
        return sizes
    }
}
