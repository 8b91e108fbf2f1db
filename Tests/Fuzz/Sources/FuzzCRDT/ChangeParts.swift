import FuzzKit

/// A change taken apart as `FORMAT.md` says, so that it can be put together otherwise.
struct ChangeParts {
    /// The first byte without the shape, and everything up to the operations.
    private var head: [UInt8]
    private var operations: [[UInt8]]

    /// Takes a change apart; `nil` when its shape is not one of operations that are written out.
    init?(_ bytes: [UInt8]) {
        var position = 0
        func varint() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 63, by: 7) {
                guard position < bytes.count else { return nil }
                position += 1
                value |= UInt64(bytes[position - 1] & 0x7F) << shift
                if bytes[position - 1] < 0x80 { return value }
            }
            return nil
        }
        guard let first = bytes.first, first & 3 == 2 else { return nil }
        position = 1
        guard let name = varint(), name & 7 != 7 || varint() != nil else { return nil }
        if first & 8 != 0 {
            guard let count = varint() else { return nil }
            for _ in 0..<min(2 * count, 64) { guard varint() != nil else { return nil } }
        }
        if first & 4 != 0 { guard varint() != nil else { return nil } }
        let checksum = bytes.count <= 64 ? 1 : 4
        guard position + checksum < bytes.count else { return nil }
        head = Array(bytes[..<position])
        operations = [Array(bytes[position..<bytes.count - checksum])]
    }

    /// The operations of others are done after its own: named elements that they may have or not.
    mutating func append(_ other: ChangeParts) { operations += other.operations }

    /// Changes one of the operations a little.
    mutating func mutate(_ generator: inout FuzzGenerator) {
        let index = generator.below(operations.count)
        operations[index] = generator.input(from: [operations[index]])
    }

    /// The change without its checksum.
    var body: [UInt8] {
        if operations.count == 1 { return head + operations[0] }
        return [head[0] & ~3] + head[1...] + [UInt8(operations.count)] + operations.joined()
    }
}
