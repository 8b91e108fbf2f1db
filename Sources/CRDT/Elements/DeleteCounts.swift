/// How much the number of deletions of an element, less its restorations, is beside what its run says.
///
/// An element is visible while it was not deleted more often than restored. Nearly all were deleted never or once, and
/// there the run alone says which.
///
///     deletions - restorations   2+   1   0   -1
///     run                        dead dead alive alive
///     kept here                  1+   0   0   -1
///
/// Elements that are counted, up or down, stay as they are when they are deleted once more: then it takes no look at their runs, and
/// no time for each of them. Whoever deletes the same elements again and again makes nobody work for it: an element that is
/// not counted is dead or counted afterwards, and only its content, in a restoration, takes that back.
struct DeleteCounts: ~Copyable, Sendable {
    /// By replica and counter, so that what is consecutive in a change is so here.
    private var extras = StepFunction()

    init() {}

    /// Whether every element is as its run says.
    @inline(__always)
    var isEmpty: Bool { extras.isZero }

    /// At how many elements the counts change: what the memory is proportional to.
    var stepCount: Int { extras.stepCount }

    /// The least there is beside the word of any run.
    var minimum: Int64 { extras.minimum }

    /// What there is beside the run's word.
    ///
    /// - Complexity: O(log n) for n steps, as all that follows.
    func extra(of counter: UInt32, by replica: UInt32) -> Int64 { extras.value(at: Self.key(counter, replica)) }

    /// How many elements from one on have the same count.
    func uniformCount(from counter: UInt32, by replica: UInt32, _ limit: Int) -> Int {
        count(from: counter, to: extras.nextStep(after: Self.key(counter, replica)), replica, limit)
    }

    /// How many elements from one on are counted and stay what they are, dead or alive, when they are deleted once more.
    func settledCount(from counter: UInt32, by replica: UInt32, _ limit: Int) -> Int {
        let key = Self.key(counter, replica)
        if extras.value(at: key) == 0 { return 0 }
        return count(from: counter, to: extras.nextSign(after: key), replica, limit)
    }

    private func count(from counter: UInt32, to end: UInt64?, _ replica: UInt32, _ limit: Int) -> Int {
        guard let end else { return limit }
        return Int(min(end - Self.key(counter, replica), UInt64(limit)))
    }

    /// Counts each element of a range so many times more.
    mutating func add(_ number: Int64, to range: ElementRange) {
        let start = Self.key(range.counter, range.replica)
        extras.add(number, to: start..<start + UInt64(range.count))
    }

    /// Visits all that are not as their runs say, alike ones together, by replica and counter.
    func visit(_ body: (_ range: ElementRange, _ extra: Int64) -> Void) {
        extras.visit { (stretch, extra) in
            let replica = UInt32(truncatingIfNeeded: stretch.lowerBound >> 32)
            let counter = UInt32(truncatingIfNeeded: stretch.lowerBound)
            body(ElementRange(replica: replica, counter: counter, count: UInt32(stretch.count)), extra)
        }
    }

    private static func key(_ counter: UInt32, _ replica: UInt32) -> UInt64 { UInt64(replica) << 32 | UInt64(counter) }
}
