import NIOConcurrencyHelpers

/// Values that handlers on the event loop leave for the test.
final class Recorder<Value: Sendable>: Sendable {
    private let values = NIOLockedValueBox<[Value]>([])

    /// Everything recorded so far.
    var all: [Value] { self.values.withLockedValue { $0 } }

    /// Records a value.
    func record(_ value: Value) {
        self.values.withLockedValue { $0.append(value) }
    }
}
