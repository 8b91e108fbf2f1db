/// The RGA sequence, element by element, as slow and as plain as can be: what the engine is compared with.
///
/// After the paper: Roh, Jeon, Kim, Lee 2011, DOI 10.1016/j.jpdc.2010.12.006.
public struct NaiveRGA: Sendable {
    /// The name of an element.
    public struct Name: Hashable, Sendable {
        /// Who inserted it.
        public var replica: UInt64
        /// How many elements that replica had inserted before.
        public var counter: UInt32

        /// Names an element.
        public init(replica: UInt64, counter: UInt32) {
            self.replica = replica
            self.counter = counter
        }
    }

    /// An element.
    public struct Element: Sendable {
        /// Its name.
        public var name: Name
        /// Its Lamport timestamp.
        public var lamport: UInt64
        /// Its UTF-16 code unit.
        public var unit: UInt16
        /// Whether it was deleted.
        public var isDead: Bool

        /// Makes an element.
        public init(name: Name, lamport: UInt64, unit: UInt16, isDead: Bool = false) {
            self.name = name
            self.lamport = lamport
            self.unit = unit
            self.isDead = isDead
        }
    }

    /// All elements in document order, the deleted ones among them.
    public private(set) var elements: [Element] = []

    /// An empty sequence.
    public init() {}

    /// What is visible.
    public var text: [UInt16] { elements.filter { !$0.isDead }.map(\.unit) }

    /// Inserts elements, the first after `origin` or at the start, each further one after the one before.
    ///
    /// Each goes past everything that is greater, by timestamp first, and then of the lower replica.
    public mutating func insert(_ added: [Element], after origin: Name?) {
        var index = 0
        if let origin { index = (self.index(of: origin) ?? -1) + 1 }
        for element in added {
            while index < elements.count,
                elements[index].lamport > element.lamport
                    || (elements[index].lamport == element.lamport
                        && elements[index].name.replica < element.name.replica)
            {
                index += 1
            }
            elements.insert(element, at: index)
            index += 1
        }
    }

    /// Where an element is among all.
    public func index(of name: Name) -> Int? {
        for index in 0..<elements.count
        where elements[index].name.counter == name.counter && elements[index].name.replica == name.replica {
            return index
        }
        return nil
    }

    /// Deletes an element.
    public mutating func delete(_ name: Name) {
        if let index = index(of: name) { elements[index].isDead = true }
    }

    /// The index among all elements of the visible one at an offset.
    public func index(ofVisible offset: Int) -> Int? {
        var left = offset
        for index in elements.indices where !elements[index].isDead {
            if left == 0 { return index }
            left -= 1
        }
        return nil
    }
}
