import SocketIOProtocol
import Tracing

/// A span for each event of `/docs`, from its arrival until it is acknowledged: for a change, until it is on disk.
///
/// The program that starts the server chooses where spans go, with `InstrumentationSystem.bootstrap`, before it does.
/// Without that there is no `EventTracer`, and nothing costs anything.
struct EventTracer: Sendable {
    typealias Reply = @Sendable (JSON) -> Void

    private let tracer: any Tracer

    init(_ tracer: any Tracer) { self.tracer = tracer }

    /// The tracer of this process; nil when there is none.
    static var installed: EventTracer? {
        let tracer = InstrumentationSystem.tracer
        return tracer is NoOpTracer ? nil : EventTracer(tracer)
    }

    /// Begins a span, which ends when the answer goes out.
    ///
    /// - Returns: what sends the answer in place of `reply`.
    func trace(_ event: String, _ arguments: [JSON], session: String, _ reply: @escaping Reply) -> Reply {
        // What a client calls its event must not become a name of its own.
        let name = DocsRequest.events.contains(event) ? event : "unknown"
        let span = tracer.startAnySpan("/docs \(name)", context: .topLevel, ofKind: .server)
        span.attributes["messaging.system"] = "socket.io"
        span.attributes["quire.session"] = session
        if let document = arguments.first.flatMap({ $0.stringValue ?? $0["doc"]?.stringValue }) {
            span.attributes["quire.document"] = String(document.prefix(128))
        }
        return { answer in
            if let revision = answer["rev"]?.intValue { span.attributes["quire.revision"] = revision }
            if let code = answer["error"]?["code"]?.stringValue {
                span.attributes["error.type"] = code
                span.setStatus(SpanStatus(code: .error))
            }
            span.end()
            reply(answer)
        }
    }
}
