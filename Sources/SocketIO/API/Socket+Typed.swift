import SocketIOProtocol

/// Handlers whose arguments are the application's own types, and whose value is the ack.
///
/// ```swift
/// socket.on("say") { (message: Say) in
///     try socket.to(message.room).emit("said", message)
///     return Receipt(id: …)                                   // the ack's only argument
/// }
/// socket.on("move") { (x: Int, y: Int) in … }                 // the ack has no arguments
/// socket.on("upload") { (name: String, bytes: [UInt8]) async throws in try await store.save(name, bytes) }
/// ```
///
/// A missing argument is `null`, so the last ones may be optional; arguments beyond those of the handler are ignored. A
/// payload that does not fit is refused with ``EventError/invalidPayload(_:)`` before the handler is called. What the
/// handler throws is the ack: an ``EventError`` as it says, anything else as `INTERNAL`.
///
/// All are for the socket's loop only; a second handler for an event replaces the first.
///
/// `async` handlers are `@concurrent`: they never run on the loop. (With the caller's isolation instead, Swift 6.3 passes a
/// parameter pack to them wrongly, and the first suspension crashes.)
extension Socket {
    /// Handles an event on the loop and answers with the handler's value.
    public func on<each Argument: Decodable, Answer: Encodable>(
        _ event: String,
        _ handler: @escaping (repeat each Argument) throws -> Answer
    ) {
        self.set(
            event,
            .sync { args, ack in
                var arguments = ArgumentReader(args)
                let answer = try handler(repeat try arguments.next((each Argument).self))
                if ack.isWanted { ack(try JSON(encoding: answer)) }
            }
        )
    }

    /// Handles an event on the loop; the answer has no arguments.
    public func on<each Argument: Decodable>(
        _ event: String,
        _ handler: @escaping (repeat each Argument) throws -> Void
    ) {
        self.set(
            event,
            .sync { args, ack in
                var arguments = ArgumentReader(args)
                try handler(repeat try arguments.next((each Argument).self))
                ack()
            }
        )
    }

    /// Handles an event in a task and answers with the handler's value; later events of the socket wait.
    public func on<each Argument: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable @concurrent (repeat each Argument) async throws -> Answer
    ) {
        self.set(
            event,
            .async { args, ack in
                var arguments = ArgumentReader(args)
                let answer = try await handler(repeat try arguments.next((each Argument).self))
                if ack.isWanted { ack(try JSON(encoding: answer)) }
            }
        )
    }

    /// Handles an event in a task; later events of the socket wait.
    ///
    /// The answer has no arguments.
    public func on<each Argument: Decodable & Sendable>(
        _ event: String,
        _ handler: @escaping @Sendable @concurrent (repeat each Argument) async throws -> Void
    ) {
        self.set(
            event,
            .async { args, ack in
                var arguments = ArgumentReader(args)
                try await handler(repeat try arguments.next((each Argument).self))
                ack()
            }
        )
    }
}

/// Takes the arguments of an event one after the other.
private struct ArgumentReader {
    private let args: [JSON]
    private var index = 0

    init(_ args: [JSON]) {
        self.args = args
    }

    mutating func next<Value: Decodable>(_ type: Value.Type) throws -> Value {
        defer { self.index += 1 }
        let isMissing = self.index >= self.args.count
        let value = isMissing ? .null : self.args[self.index]
        if isMissing, !(type is any OptionalValue.Type), type != JSON.self {
            let path = FieldPath.argument(self.index)
            throw EventError.invalidPayload([FieldError(path: path, code: "REQUIRED", message: "is required")])
        }
        return try PayloadDecoder.decode(type, from: value, argument: self.index)
    }
}

/// What `nil` is a value of.
private protocol OptionalValue {}
extension Optional: OptionalValue {}
