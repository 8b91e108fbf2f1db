import NIOConcurrencyHelpers
public import SocketIOProtocol

/// Namespaces that come to be when a client asks for them: made by ``SocketIOServer/of(where:)`` and
/// ``SocketIOServer/of(pattern:)``.
///
/// Each name that fits is a namespace of its own, with its own sockets and rooms, and with the middleware and handlers that
/// were registered here. It is gone with its last socket, so that clients cannot fill the memory with names.
public final class DynamicNamespace: EventEmitter, Sendable {
    private struct State {
        var middleware: [Namespace.Middleware] = []
        var connectionHandlers: [@Sendable (Socket) -> Void] = []
        var children: [WireName: Namespace] = [:]
    }

    private let fits: @Sendable (_ name: String, _ auth: JSONObject) -> Bool
    private let state = NIOLockedValueBox(State())

    init(fits: @escaping @Sendable (_ name: String, _ auth: JSONObject) -> Bool) {
        self.fits = fits
    }

    /// Adds a middleware to all of them.
    public func use(_ middleware: @escaping Namespace.Middleware) {
        self.state.withLockedValue { $0.middleware.append(middleware) }
    }

    /// Is told of each new socket in any of them; ``Socket/namespace`` says in which.
    public func onConnection(_ handler: @escaping @Sendable (Socket) -> Void) {
        self.state.withLockedValue { $0.connectionHandlers.append(handler) }
    }

    /// Sends an event to every socket of all of them.
    public func emit(_ event: String, with args: [JSON]) {
        for child in self.children { child.emit(event, with: args) }
    }

    /// Those that somebody is in now.
    public var children: [Namespace] { Array(self.state.withLockedValue { $0.children }.values) }

    func isMatch(_ name: String, auth: JSONObject) -> Bool { self.fits(name, auth) }

    /// Gives a new namespace what was registered here.
    func adopt(_ child: Namespace) {
        let state = self.state.withLockedValue { state in
            state.children[WireName(child.name)] = child
            return state
        }
        for middleware in state.middleware { child.use(middleware) }
        for handler in state.connectionHandlers { child.onConnection(handler) }
    }

    func abandon(_ child: Namespace) {
        self.state.withLockedValue { state in
            let name = WireName(child.name)
            if state.children[name] === child { state.children[name] = nil }
        }
    }
}

extension SocketIOServer {
    /// Namespaces whose names, beginning with a slash, satisfy a predicate.
    ///
    /// ```swift
    /// server.of { name, auth in name.hasPrefix("/tenant-") }.onConnection { socket in … }
    /// ```
    ///
    /// - Parameter predicate: is asked on an event loop for each CONNECT to a namespace that does not exist yet, before
    ///   any middleware; it must not block. `auth` is what the client sent along, not checked by anybody.
    /// - Returns: all of them together.
    public func of(
        where predicate: @escaping @Sendable (_ name: String, _ auth: JSONObject) -> Bool
    ) -> DynamicNamespace {
        let dynamic = DynamicNamespace(fits: predicate)
        self.add(dynamic)
        return dynamic
    }

    /// Namespaces whose names fit a pattern, in which each `*` stands for one or more characters other than `/`.
    ///
    /// ```swift
    /// server.of(pattern: "/tenant-*").onConnection { socket in … }
    /// ```
    ///
    /// - Complexity: a match takes O(*n* · *m*) for a name of *n* and a pattern of *m* bytes.
    public func of(pattern: String) -> DynamicNamespace {
        let pattern = NamePattern(pattern)
        return self.of { name, _ in pattern.matches(name) }
    }
}

/// A pattern with `*`, matched without backtracking over more than the last star.
struct NamePattern: Sendable {
    private let bytes: [UInt8]

    init(_ pattern: String) {
        self.bytes = Array((pattern.hasPrefix("/") ? pattern : "/" + pattern).utf8)
    }

    func matches(_ name: String) -> Bool {
        let star = UInt8(ascii: "*")
        // The places of the pattern that the bytes so far can have led to: at most one more than its length.
        var places: Set<Int> = [0]
        for byte in name.utf8 {
            var next: Set<Int> = []
            for place in places where place < self.bytes.count {
                if self.bytes[place] == star {
                    guard byte != UInt8(ascii: "/") else { continue }
                    next.insert(place)
                    next.insert(place + 1)
                } else if self.bytes[place] == byte {
                    next.insert(place + 1)
                }
            }
            places = next
        }
        return places.contains(self.bytes.count)
    }
}
