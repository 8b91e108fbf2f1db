/// The messages of one sender of one sort, by number: when each was sent, and how many have yet to get it.
struct SentLog {
    private struct Entry {
        var time: UInt64
        var awaited: UInt32
    }

    private var entries: [Entry] = []

    /// The number of the next message.
    var count: Int { self.entries.count }

    /// When a message was sent, or was to be.
    func time(of number: Int) -> UInt64 { self.entries[number].time }

    /// Notes the next message, which so many are to get.
    mutating func append(time: UInt64, awaited: Int) {
        self.entries.append(Entry(time: time, awaited: UInt32(awaited)))
    }

    /// One more has it.
    ///
    /// - Returns: whether it was the last.
    mutating func delivered(_ number: Int) -> Bool {
        guard self.entries[number].awaited > 0 else { return false }
        self.entries[number].awaited -= 1
        return self.entries[number].awaited == 0
    }
}

/// What a receiver has of one sender's messages of one sort.
struct Reception {
    /// What a message is that came.
    enum Verdict: Equatable {
        /// A new one; `skipped` before it did not come.
        case new(skipped: Int)
        /// One that came before, or comes behind a later one.
        case old
    }

    /// The number that should come next.
    private(set) var next = 0

    /// Notes a message.
    @inline(__always)
    mutating func receive(_ number: Int) -> Verdict {
        guard number >= self.next else { return .old }
        let skipped = number - self.next
        self.next = number + 1
        return .new(skipped: skipped)
    }
}
