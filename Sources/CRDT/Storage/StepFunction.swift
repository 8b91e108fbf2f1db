/// A function from numbers to numbers that is constant over long stretches and 0 almost everywhere: kept are the keys at which
/// its value changes, and by how much.
///
/// So a value is added to a stretch of any length by two changes, at its ends, and whatever steps lie within it cost nothing.
/// The keys are in a treap (Seidel and Aragon 1996, DOI 10.1007/BF01940876) whose nodes know the sums of their subtrees. Priorities
/// are hashes of the keys, which nobody outside of the process foresees.
struct StepFunction: ~Copyable, Sendable {
    // Not private: with a private element type in a slab, Swift 6.3.1 emits a module that its own verifier refuses.
    struct Step: BitwiseCopyable, Sendable {
        var key: UInt64
        /// By how much the value changes at the key; never 0.
        var delta: Int64
        /// Of the subtree: all deltas together, and the least and the greatest that they come to on the way.
        var sum: Int64
        var low: Int64
        var high: Int64
        var left = StepFunction.none
        var right = StepFunction.none

        init(key: UInt64, delta: Int64) {
            self.key = key
            self.delta = delta
            sum = delta
            low = delta
            high = delta
        }
    }

    private static let none = UInt64.max

    private var steps = Slab<Step>()
    private var free = Slab<UInt64>()
    private var root = StepFunction.none
    private var seed: UInt64 = 0

    init() {}

    /// Whether it is 0 everywhere.
    @inline(__always)
    var isZero: Bool { root == Self.none }

    /// At how many keys the value changes.
    var stepCount: Int { steps.count - free.count }

    /// Its least value, which is not above 0.
    var minimum: Int64 { root == Self.none ? 0 : min(0, steps[Int(root)].low) }

    // MARK: Values

    /// The value at a key.
    ///
    /// - Complexity: O(log n) for n steps, as all that follows.
    func value(at key: UInt64) -> Int64 {
        var value: Int64 = 0
        var node = root
        while node != Self.none {
            let step = steps[Int(node)]
            if step.key <= key {
                value += sum(step.left) + step.delta
                node = step.right
            } else {
                node = step.left
            }
        }
        return value
    }

    /// The first key above `key` at which the value changes.
    func nextStep(after key: UInt64) -> UInt64? {
        var next: UInt64?
        var node = root
        while node != Self.none {
            let step = steps[Int(node)]
            if step.key > key {
                next = step.key
                node = step.left
            } else {
                node = step.right
            }
        }
        return next
    }

    /// The first key above `key` from which on the value has another sign; of 0 the next step is one.
    func nextSign(after key: UInt64) -> UInt64? {
        let value = value(at: key)
        if value == 0 { return nextStep(after: key) }
        return firstKey(in: root, above: key, 0, isPositive: value > 0)
    }

    /// The first key of a subtree, above `key`, where the value is not positive, or not negative, any more.
    ///
    /// `before` is the value before the subtree. Only one subtree on each level is partly above the key; of the others one is
    /// entered only when what is looked for is in it.
    private func firstKey(in node: UInt64, above key: UInt64, _ before: Int64, isPositive: Bool) -> UInt64? {
        if node == Self.none { return nil }
        let step = steps[Int(node)]
        if isPositive ? before + step.low > 0 : before + step.high < 0 { return nil }
        let value = before + sum(step.left) + step.delta
        if step.key > key {
            if let found = firstKey(in: step.left, above: key, before, isPositive: isPositive) { return found }
            if isPositive ? value <= 0 : value >= 0 { return step.key }
        }
        return firstKey(in: step.right, above: key, value, isPositive: isPositive)
    }

    /// Visits the stretches where it is not 0, ascending.
    func visit(_ body: (_ stretch: Range<UInt64>, _ value: Int64) -> Void) {
        var start: UInt64 = 0
        var value: Int64 = 0
        visit(root, &start, &value, body)
    }

    private func visit(
        _ node: UInt64,
        _ start: inout UInt64,
        _ value: inout Int64,
        _ body: (_ stretch: Range<UInt64>, _ value: Int64) -> Void
    ) {
        if node == Self.none { return }
        let step = steps[Int(node)]
        visit(step.left, &start, &value, body)
        if value != 0 { body(start..<step.key, value) }
        start = step.key
        value += step.delta
        visit(step.right, &start, &value, body)
    }

    // MARK: Changing it

    /// Adds a number to the values of a stretch.
    mutating func add(_ number: Int64, to stretch: Range<UInt64>) {
        if number == 0 || stretch.isEmpty { return }
        if isZero { seed = HashSeed.value }
        root = adding(number, at: stretch.lowerBound, in: root)
        root = adding(-number, at: stretch.upperBound, in: root)
    }

    /// A subtree with a further change at a key.
    private mutating func adding(_ delta: Int64, at key: UInt64, in node: UInt64) -> UInt64 {
        if node == Self.none { return makeStep(key, delta) }
        let step = steps[Int(node)]
        if step.key == key {
            if step.delta + delta == 0 {
                free.append(node)
                return merged(step.left, step.right)
            }
            steps[Int(node)].delta += delta
        } else if priority(key) > priority(step.key) {
            // Were the key in this subtree, it would be its root.
            let (left, right) = split(node, at: key)
            let new = makeStep(key, delta)
            steps[Int(new)].left = left
            steps[Int(new)].right = right
            sumUp(new)
            return new
        } else if key < step.key {
            let left = adding(delta, at: key, in: step.left)
            steps[Int(node)].left = left
        } else {
            let right = adding(delta, at: key, in: step.right)
            steps[Int(node)].right = right
        }
        sumUp(node)
        return node
    }

    /// The parts of a subtree below and above a key, which is not in it.
    private mutating func split(_ node: UInt64, at key: UInt64) -> (UInt64, UInt64) {
        if node == Self.none { return (Self.none, Self.none) }
        if steps[Int(node)].key < key {
            let (left, right) = split(steps[Int(node)].right, at: key)
            steps[Int(node)].right = left
            sumUp(node)
            return (node, right)
        }
        let (left, right) = split(steps[Int(node)].left, at: key)
        steps[Int(node)].left = right
        sumUp(node)
        return (left, node)
    }

    /// Two subtrees, all keys of the first below those of the second, as one.
    private mutating func merged(_ left: UInt64, _ right: UInt64) -> UInt64 {
        if left == Self.none { return right }
        if right == Self.none { return left }
        if priority(steps[Int(left)].key) > priority(steps[Int(right)].key) {
            let child = merged(steps[Int(left)].right, right)
            steps[Int(left)].right = child
            sumUp(left)
            return left
        }
        let child = merged(left, steps[Int(right)].left)
        steps[Int(right)].left = child
        sumUp(right)
        return right
    }

    private mutating func makeStep(_ key: UInt64, _ delta: Int64) -> UInt64 {
        let step = Step(key: key, delta: delta)
        if let number = free.popLast() {
            steps[Int(number)] = step
            return number
        }
        steps.append(step)
        return UInt64(steps.count - 1)
    }

    private func sum(_ node: UInt64) -> Int64 { node == Self.none ? 0 : steps[Int(node)].sum }

    private mutating func sumUp(_ node: UInt64) {
        var step = steps[Int(node)]
        let value = sum(step.left) + step.delta
        step.sum = value + sum(step.right)
        step.low = value
        step.high = value
        if step.left != Self.none {
            step.low = min(step.low, steps[Int(step.left)].low)
            step.high = max(step.high, steps[Int(step.left)].high)
        }
        if step.right != Self.none {
            step.low = min(step.low, value + steps[Int(step.right)].low)
            step.high = max(step.high, value + steps[Int(step.right)].high)
        }
        steps[Int(node)] = step
    }

    /// Mixed twice: once is too regular over consecutive keys.
    private func priority(_ key: UInt64) -> UInt64 { HashSeed.mix(HashSeed.mix(key, seed), seed) }
}
