import AsyncHTTPClient
import Collaboration
import InMemoryTracing
import NIOCore
import SocketIOProtocol
import Synchronization
import TestSupport
import Testing
import Tracing

@testable import QuireServer

@Suite("Tracing")
struct TracingTests {
    @Test("Each event has a span that ends with its acknowledgement, and says what became of it")
    func events() async throws {
        let tracer = InMemoryTracer()
        try await withRooms(store: MemoryStore()) { hosts, group async throws in
            let client = FakeClient("s1", loop: group.any(), hosts: hosts, tracer: EventTracer(tracer))
            _ = try await client.request("join", ["doc": "notes", "format": "json"])
            let op: JSON = ["text": "body", "at": 0, "insert": "x"]
            _ = try await client.request("edit", "notes", ["rev": 0, "ops": [op]])
            _ = try await client.request("edit", "notes", ["rev": 99, "ops": [op]])
            _ = try await client.request("made up by a client", "notes")
        }
        let spans = tracer.finishedSpans
        #expect(tracer.activeSpans.isEmpty)
        #expect(spans.map(\.operationName) == ["/docs join", "/docs edit", "/docs edit", "/docs unknown"])
        #expect(spans.allSatisfy { $0.kind == .server })
        #expect(spans.allSatisfy { $0.attributes.get("quire.session") == .string("s1") })
        #expect(spans.allSatisfy { $0.attributes.get("quire.document") == .string("notes") })
        #expect(spans[1].attributes.get("quire.revision") == .int64(1))
        #expect(spans[1].status == nil)
        for (span, code) in zip(spans[2...], ["STALE_REVISION", "UNKNOWN_EVENT"]) {
            #expect(span.status?.code == .error)
            #expect(span.attributes.get("error.type") == .string(code))
        }
    }

    /// The one test that gives the process a tracer; whatever runs after it is traced as well.
    @Test("A request over HTTP has a span, under its caller's, without the token")
    func requests() async throws {
        let tracer = InMemoryTracer()
        InstrumentationSystem.bootstrap(tracer)
        try await withServer { port in
            let address = "http://127.0.0.1:\(port)/v1/docs/none?format=text&token=secret-token"
            // The client tells the server of its own span.
            _ = try await HTTPClient.shared.execute(HTTPClientRequest(url: address), timeout: .seconds(10))
            // The span ends once the answer has been written.
            let deadline = ContinuousClock.now + .seconds(10)
            func own() -> FinishedInMemorySpan? {
                tracer.finishedSpans.first { $0.attributes.get("url.path") == .string("/v1/docs/none") }
            }
            while own() == nil, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(10)) }
            let span = try #require(own())
            let caller = tracer.finishedSpans.first { $0.kind == .client }
            #expect(span.parentSpanID != nil && span.parentSpanID == caller?.spanID)
            #expect(span.attributes.get("url.query") == .string("format=text&token=REDACTED"))
        }
    }
}
