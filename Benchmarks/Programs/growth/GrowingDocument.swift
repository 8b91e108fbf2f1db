import CRDT
import EngineBenchmark

/// Two replicas of a document that grows at random places.
struct GrowingDocument: ~Copyable {
    private var local: Document
    private var remote: Document
    private let text: TextHandle
    private var changes = ChangeBuffer()
    private var patches = PatchBuffer()
    private var generator = SystemRandomNumberGenerator()

    /// The most edits of one measurement, and how often it is made.
    private static let largestWindow = 2000
    private static let repetitions = 7

    init() throws {
        let root: TextID = "body"
        var local = Document(replica: ReplicaID(1))
        var remote = Document(replica: ReplicaID(2))
        let first = try local.insert([0x78], at: 0, in: root)?.encoded ?? []
        _ = try remote.receive(first.span, patches: &self.patches)
        // The text is there: something was inserted into it.
        guard let text = local.textHandle(root) else { fatalError("The document lost its text.") }
        self.text = text
        self.local = local
        self.remote = remote
    }

    /// Grows to a number of visible elements, and measures an edit of each kind in nanoseconds.
    mutating func grow(to size: Int) throws -> [(String, Double)] {
        let window = min(Self.largestWindow, size / 20)
        let unmeasured = size - window * Self.repetitions
        while self.local.utf16Count(of: self.text) < unmeasured {
            _ = try self.insertAtRandom(min(Self.largestWindow, unmeasured - self.local.utf16Count(of: self.text)))
        }
        var least: [String: Double] = [:]
        func note(_ kind: String, _ time: Double) {
            least[kind] = min(least[kind] ?? .infinity, time / Double(window))
        }
        for _ in 0..<Self.repetitions {
            let (insertion, reception) = try self.insertAtRandom(window)
            note("insert at a random place", insertion)
            note("receive such an insertion", reception)
        }
        for _ in 0..<Self.repetitions {
            note("type", try self.type(window))
            note("delete at a random place", try self.deleteAtRandom(window))
        }
        return least.sorted { $0.key < $1.key }
    }

    /// Gives the time of the edits here and there.
    private mutating func insertAtRandom(_ count: Int) throws -> (Double, Double) {
        let length = self.local.utf16Count(of: self.text)
        let places = (0..<count).map { Int.random(in: 0...length + $0, using: &self.generator) }
        let units: [UInt16] = [0x78]
        let start = Meter.processorTime()
        for place in places { try self.local.insert(units.span, at: place, in: self.text, to: &self.changes) }
        let edited = Meter.processorTime()
        let received = try self.synchronize()
        return (Double(edited - start), received)
    }

    /// Typing goes on at one place.
    private mutating func type(_ count: Int) throws -> Double {
        let length = self.local.utf16Count(of: self.text)
        let place = Int.random(in: 0...length, using: &self.generator)
        let units: [UInt16] = [0x78]
        let start = Meter.processorTime()
        for index in 0..<count {
            try self.local.insert(units.span, at: place + index, in: self.text, to: &self.changes)
        }
        let edited = Meter.processorTime()
        _ = try self.synchronize()
        return Double(edited - start)
    }

    private mutating func deleteAtRandom(_ count: Int) throws -> Double {
        let length = self.local.utf16Count(of: self.text)
        let places = (0..<count).map { Int.random(in: 0..<length - $0, using: &self.generator) }
        let start = Meter.processorTime()
        for place in places { try self.local.delete(place..<place + 1, in: self.text, to: &self.changes) }
        let edited = Meter.processorTime()
        _ = try self.synchronize()
        return Double(edited - start)
    }

    /// Lets the other replica receive everything, and gives the time that took.
    private mutating func synchronize() throws -> Double {
        let start = Meter.processorTime()
        _ = try self.remote.receive(self.changes, patches: &self.patches)
        let time = Double(Meter.processorTime() - start)
        self.patches.removeAll()
        self.changes.removeAll()
        return time
    }
}
