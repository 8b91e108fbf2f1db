import NIOConcurrencyHelpers

/// A name and a type under which an application keeps something with a socket.
///
/// ```swift
/// enum UserKey: SocketDataKey { typealias Value = User }
///
/// socket[UserKey.self] = user
/// ```
public protocol SocketDataKey {
    /// What is kept.
    associatedtype Value: Sendable
}

/// What an application keeps with one socket; shared by the sockets that follow each other by recovery.
final class SocketData: Sendable {
    private struct State {
        var value: (any Sendable)?
        var byKey: [ObjectIdentifier: any Sendable] = [:]
    }

    private let state = NIOLockedValueBox(State())

    var value: (any Sendable)? {
        get { self.state.withLockedValue { $0.value } }
        set { self.state.withLockedValue { $0.value = newValue } }
    }

    subscript<Key: SocketDataKey>(_ key: Key.Type) -> Key.Value? {
        get { self.state.withLockedValue { $0.byKey[ObjectIdentifier(key)] as? Key.Value } }
        set { self.state.withLockedValue { $0.byKey[ObjectIdentifier(key)] = newValue } }
    }
}
