extension FuzzGenerator {
    /// An input to try: one of the corpus with a few mutations, now and then bytes out of nowhere.
    public mutating func input(from corpus: [[UInt8]]) -> [UInt8] {
        if corpus.isEmpty || below(16) == 0 { return bytes(count: below(64)) }
        var input = corpus[below(corpus.count)]
        for _ in 0...below(4) { mutate(&input, corpus: corpus) }
        return input
    }

    /// Random bytes.
    public mutating func bytes(count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for _ in 0..<count { bytes.append(UInt8(truncatingIfNeeded: next())) }
        return bytes
    }

    private mutating func mutate(_ input: inout [UInt8], corpus: [[UInt8]]) {
        guard !input.isEmpty else {
            input = bytes(count: below(8))
            return
        }
        let position = below(input.count)
        switch below(9) {
        case 0: input[position] ^= 1 << UInt8(below(8))
        case 1: input[position] = UInt8(truncatingIfNeeded: next())
        case 2: input[position] = interesting[below(interesting.count)]
        case 3: input.insert(UInt8(truncatingIfNeeded: next()), at: position)
        case 4: input.remove(at: position)
        case 5: input.removeSubrange(position..<min(input.count, position + 1 + below(16)))
        case 6: input.removeLast(input.count - position)
        case 7:
            let end = min(input.count, position + 1 + below(16))
            input.insert(contentsOf: Array(input[position..<end]), at: below(input.count))
        default:
            let other = corpus[below(corpus.count)]
            guard !other.isEmpty else { return }
            let start = below(other.count)
            let end = min(other.count, start + 1 + below(32))
            input.insert(contentsOf: other[start..<end], at: position)
        }
    }
}

/// Bytes at the edges of varints, UTF-8 and signs.
private let interesting: [UInt8] = [0x00, 0x01, 0x7F, 0x80, 0x81, 0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFE, 0xFF]
