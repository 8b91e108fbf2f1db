import Logging
import SocketIOProtocol
import Testing

@testable import QuireServer

@Suite("Configuration")
struct ConfigurationTests {
    @Test(
        "Only this machine's own names are loopback",
        arguments: [
            ("127.0.0.1", true), ("127.1.2.3", true), ("localhost", true), ("LOCALHOST", true), ("::1", true),
            ("[::1]", true), ("0:0:0:0:0:0:0:1", true), ("0.0.0.0", false), ("::", false), ("192.168.0.1", false),
            ("127.0.0.1.example.org", false), ("127.example.org", false), ("localhost.example.org", false),
            ("example.org", false), ("", false), ("128.0.0.1", false), ("::ffff:192.168.0.1", false),
        ]
    )
    func loopback(host: String, isLoopback: Bool) {
        #expect(LoopbackName.matches(host: host) == isLoopback)
    }

    @Test("Credentials with any origin, and what is no origin, stop the start")
    func origins() throws {
        var configuration = ServerConfiguration()
        configuration.allowsCredentials = true
        configuration.allowedOrigins = ["https://*.example.org"]
        try configuration.validate()
        for origins in [["*"], ["https://a.example", "*"], ["example.org"], ["https://a.example/path"]] {
            configuration.allowedOrigins = origins
            #expect(throws: ConfigurationError.self, "\(origins)") { try configuration.validate() }
        }
    }

    @Test("With a key to check tokens with nobody is a guest, and the server may listen anywhere")
    func keys() throws {
        for isFile in [true, false] {
            var configuration = ServerConfiguration()
            if isFile { configuration.jwtPublicKeyFiles = ["key.pem"] } else { configuration.jwks = ["keys.json"] }
            #expect(!configuration.admitsAnonymous)
            configuration.host = "0.0.0.0"
            try configuration.validate()
        }
    }

    @Test("Beyond loopback a server needs a secret, or to be told that anybody may come")
    func beyondLoopback() throws {
        var configuration = ServerConfiguration()
        try configuration.validate()
        configuration.host = "0.0.0.0"
        #expect(throws: ConfigurationError.openToAnyone(host: "0.0.0.0")) { try configuration.validate() }
        #expect(throws: ConfigurationError.self) {
            try QuireServer(configuration: configuration, logger: silentLogger)
        }
        var withSecret = configuration
        withSecret.jwtSecret = testSecret
        try withSecret.validate()
        var open = configuration
        open.allowAnonymous = true
        try open.validate()
    }

    @Test("What cannot work is refused before anything starts")
    func nonsense() {
        let changes: [(inout ServerConfiguration) -> Void] = [
            { $0.port = -1 }, { $0.port = 65536 }, { $0.host = "" }, { $0.databasePath = "" },
            { $0.eventLoopCount = 0 },
            { $0.jwtSecret = Secret("") }, { $0.jwtSecret = Secret(String(repeating: "s", count: 31)) },
            { $0.limits.maximumMessageBytes = 0 }, { $0.limits.documentsPerConnection = 0 },
            { $0.limits.maximumBufferedBytes = .max }, { $0.limits.messagesPerSecond = -1 },
            { $0.limits.idleUnloadSeconds = -1 }, { $0.limits.shutdownSeconds = 0 },
        ]
        for (index, change) in changes.enumerated() {
            var configuration = ServerConfiguration()
            change(&configuration)
            #expect(throws: ConfigurationError.self, "change \(index)") { try configuration.validate() }
        }
    }

    @Test("A secret does not show itself")
    func secretIsDiscreet() {
        var configuration = ServerConfiguration()
        configuration.jwtSecret = testSecret
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains(testSecret.revealed))
        }
    }
}

@Suite("Logs")
struct LogTests {
    private func line(_ format: LogFormat, _ message: String, _ fields: Logger.Metadata) -> String {
        let bytes = StructuredLogHandler.line(
            format: format,
            time: "T",
            level: .info,
            label: "quire",
            message: message,
            fields: fields
        )
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("Text has one line an event, with the fields in order")
    func text() {
        #expect(
            line(.text, "listening", ["port": "8080", "host": "127.0.0.1"])
                == "T info listening host=127.0.0.1 port=8080"
        )
    }

    @Test("Nothing that a client says can end a line or pretend to be a field")
    func noForgery() {
        let evil = "x\nT info granted admin=yes \u{1B}[2J\u{7F}"
        for format in LogFormat.allCases {
            let text = line(format, evil, ["user": "\(evil)", "empty": ""])
            #expect(!text.utf8.contains { $0 < 0x20 })
        }
        #expect(line(.text, "m", ["user": "a b=c"]) == #"T info m user="a b=c""#)
        #expect(line(.text, "m", ["user": ""]) == #"T info m user="""#)
    }

    @Test("JSON lines are JSON, and fields do not replace what every line has")
    func json() throws {
        let text = line(.json, "a \"b\"", ["level": "fake", "doc": "d"])
        let value = try JSON.parse(Array(text.utf8))
        #expect(value["message"] == "a \"b\"")
        #expect(value["level"] == "info")
        #expect(value["doc"] == "d")
    }
}
