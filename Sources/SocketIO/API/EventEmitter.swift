public import SocketIOProtocol

/// Whatever events can be sent to: a socket, some sockets, a namespace.
public protocol EventEmitter: Sendable {
    /// Sends an event with a list of arguments.
    ///
    /// Callable from any thread; calls from one thread keep their order.
    func emit(_ event: String, with args: [JSON])
}

extension EventEmitter {
    /// Sends an event.
    ///
    /// ```swift
    /// socket.emit("said", ["from": "ada", "text": "hello"])
    /// ```
    public func emit(_ event: String, _ args: JSON...) {
        self.emit(event, with: args)
    }

    /// Sends an event whose arguments are values of the application.
    ///
    /// ```swift
    /// try namespace.to(room).emit("said", Said(from: user, text: text))
    /// ```
    ///
    /// Bytes (`[UInt8]`, at any depth) travel as attachments.
    ///
    /// - Throws: what a value's own `encode(to:)` throws; the synthesised ones throw nothing.
    @_disfavoredOverload
    public func emit<each Argument: Encodable>(_ event: String, _ args: repeat each Argument) throws {
        var values: [JSON] = []
        for value in repeat each args { values.append(try JSON(encoding: value)) }
        self.emit(event, with: values)
    }
}
