import CRDT

private let body: TextID = "body"

extension Corner {
    static let texts: [Corner] = [
        Corner(name: "replicas that insert at one place", smallSize: 300, fullSize: 50_000, run: onePlace),
        Corner(
            name: "replicas that type 20 characters at one place",
            smallSize: 20,
            fullSize: 2000,
            run: typingAtOnePlace
        ),
        Corner(name: "two replicas that type in turn", smallSize: 400, fullSize: 100_000, run: pingPong),
        Corner(name: "two long offline branches, merged both ways", smallSize: 300, fullSize: 40_000, run: branches),
        Corner(name: "visitors with one change each", smallSize: 200, fullSize: 50_000, run: visitors),
        Corner(
            name: "characters deleted one by one from the end",
            smallSize: 1000,
            fullSize: 400_000,
            run: reverseDeletes
        ),
        Corner(
            name: "characters of which every second is deleted",
            smallSize: 500,
            fullSize: 200_000,
            run: everySecond
        ),
        Corner(name: "prepended characters", smallSize: 500, fullSize: 200_000, run: prepending),
        Corner(name: "units pasted into a fragmented text and deleted", smallSize: 5000, fullSize: 1 << 20, run: paste),
        Corner(name: "units of a text with 100,000 edits", smallSize: 20_000, fullSize: 10_000_000, run: large),
    ]

    private static func units(_ count: Int) -> [UInt16] {
        (0..<count).map { UInt16(97 + $0 % 26) }
    }

    /// Takes a change over, as bytes.
    private static func pass(_ change: Change?, to document: inout Document) throws {
        guard let change else { throw CornerFailure(reason: "nothing was changed") }
        try document.take(Change(decoding: change.encoded))
    }

    private static func onePlace(_ size: Int) throws {
        var random = SplitMix64(seed: 1)
        var changes: [Change] = []
        for index in 0..<size {
            var document = Document(replica: ReplicaID(UInt64(index)))
            if let change = try document.insert([UInt16(97 + index % 26)], at: 0, in: body) { changes.append(change) }
        }
        let expected = changes.indices.map { UInt16(97 + $0 % 26) }
        changes.shuffle(using: &random)
        var document = Document(replica: ReplicaID(1 << 40))
        for change in changes { try document.take(change) }
        // Of equal timestamps the lower replica is first.
        try expect(document.text(of: body) == expected, "not in the order of the replicas")
    }

    private static func typingAtOnePlace(_ size: Int) throws {
        var changes: [[Change]] = []
        for index in 0..<size {
            var document = Document(replica: ReplicaID(UInt64(index)))
            changes.append([])
            for position in 0..<20 {
                if let change = try document.insert([UInt16(97 + position)], at: position, in: body) {
                    changes[index].append(change)
                }
            }
        }
        var document = Document(replica: ReplicaID(1 << 40))
        for position in 0..<20 {
            for index in changes.indices { try document.take(changes[index][position]) }
        }
        let word = (0..<20).map { UInt16(97 + $0) }
        try expect(document.text(of: body) == Array(repeatElement(word, count: size).joined()), "words are torn")
    }

    private static func pingPong(_ size: Int) throws {
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        for index in 0..<size {
            try pass(first.insert([97], at: first.utf16Count(of: body) / 2, in: body), to: &second)
            try pass(second.insert([98], at: second.utf16Count(of: body) / 2, in: body), to: &first)
            if index % 3 == 0 { try pass(first.delete(index..<index + 1, in: body), to: &second) }
        }
        try expect(first.text(of: body) == second.text(of: body), "the two differ")
    }

    private static func branches(_ size: Int) throws {
        var random = SplitMix64(seed: 2)
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        try pass(first.insert(units(1000), at: 0, in: body), to: &second)
        var firsts: [Change] = []
        var seconds: [Change] = []
        for _ in 0..<size {
            if let change = try type(&first, &random) { firsts.append(change) }
            if let change = try type(&second, &random) { seconds.append(change) }
        }
        for change in seconds { try first.take(change) }
        for change in firsts { try second.take(change) }
        try expect(first.text(of: body) == second.text(of: body), "the two differ")
        try expect(first.snapshot() == second.snapshot(), "their snapshots differ")
    }

    private static func type(_ document: inout Document, _ random: inout SplitMix64) throws -> Change? {
        let count = document.utf16Count(of: body)
        if count > 500, random.oneIn(3) {
            let start = random.below(count - 3)
            return try document.delete(start..<start + 1 + random.below(3), in: body)
        }
        return try document.insert([UInt16(97 + random.below(26))], at: random.below(count + 1), in: body)
    }

    private static func visitors(_ size: Int) throws {
        var host = Document(replica: ReplicaID(0))
        for index in 0..<size {
            var visitor = Document(replica: ReplicaID(UInt64(index) + 1))
            try pass(visitor.insert([97, 98, 99], at: 0, in: body), to: &host)
            _ = try host.insert([100], at: host.utf16Count(of: body), in: body)
        }
        try expect(host.utf16Count(of: body) == 4 * size, "something is missing")
        let loaded = try Document(snapshot: host.snapshot(), replica: ReplicaID(0))
        try expect(loaded.version == host.version && loaded.version.replicaCount == size + 1, "visitors are missing")
        try expect(loaded.text(of: body) == host.text(of: body), "a snapshot differs")
    }

    private static func reverseDeletes(_ size: Int) throws {
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        try pass(first.insert(units(size), at: 0, in: body), to: &second)
        for end in stride(from: size, to: 0, by: -1) {
            try pass(first.delete(end - 1..<end, in: body), to: &second)
        }
        try expect(first.utf16Count(of: body) == 0 && second.utf16Count(of: body) == 0, "something is left")
    }

    /// All tombstones are single ones at first.
    private static func everySecond(_ size: Int) throws {
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        try pass(first.insert(units(size), at: 0, in: body), to: &second)
        while first.utf16Count(of: body) > 1 {
            for index in 0..<first.utf16Count(of: body) / 2 {
                try pass(first.delete(index..<index + 1, in: body), to: &second)
            }
        }
        try expect(first.text(of: body) == second.text(of: body), "the two differ")
    }

    private static func prepending(_ size: Int) throws {
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        for index in 0..<size { try pass(first.insert([UInt16(97 + index % 26)], at: 0, in: body), to: &second) }
        try expect(second.text(of: body) == units(size).reversed(), "the order is wrong")
    }

    private static func paste(_ size: Int) throws {
        var random = SplitMix64(seed: 3)
        var first = Document(replica: ReplicaID(1))
        var second = Document(replica: ReplicaID(2))
        for _ in 0..<1000 { try pass(type(&first, &random), to: &second) }
        let before = first.text(of: body)
        for _ in 0..<4 {
            let place = random.below(before.count)
            try pass(first.insert(units(size), at: place, in: body), to: &second)
            for _ in 0..<100 {
                let offset = place + 1 + random.below(size - 1)
                try pass(second.insert([65], at: offset, in: body), to: &first)
            }
            try pass(first.delete(place..<place + size + 100, in: body), to: &second)
        }
        try expect(first.text(of: body) == before && second.text(of: body) == before, "something is left")
    }

    private static func large(_ size: Int) throws {
        var random = SplitMix64(seed: 4)
        var document = Document(replica: ReplicaID(1))
        var count = 0
        while count < size {
            let piece = min(size - count, 1 << 19)
            _ = try document.insert(units(piece), at: random.below(count + 1), in: body)
            count += piece
        }
        for _ in 0..<min(size, 100_000) {
            let change = try type(&document, &random)
            try expect(change != nil, "nothing was changed")
        }
        let loaded = try Document(snapshot: document.snapshot(), replica: ReplicaID(2))
        try expect(loaded.text(of: body) == document.text(of: body), "a snapshot differs")
    }
}
