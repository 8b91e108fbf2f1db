import NIOCore
import Testing

@testable import RedisCluster

@Suite("The address of Redis")
struct RedisConfigurationTests {
    @Test(
        "Addresses are read, and shown without their password",
        arguments: [
            ("redis://localhost", "localhost", 6379, nil, nil, 0, "redis://localhost:6379"),
            ("redis://10.0.0.1:7000/3", "10.0.0.1", 7000, nil, nil, 3, "redis://10.0.0.1:7000/3"),
            ("redis://:s%20e%2Fc%40@h/", "h", 6379, nil, "s e/c@", 0, "redis://:<secret>@h:6379"),
            ("redis://ada:p:q@h:1/15", "h", 1, "ada", "p:q", 15, "redis://ada:<secret>@h:1/15"),
            ("redis://a@b:zq@h", "h", 6379, "a@b", "zq", 0, "redis://a@b:<secret>@h:6379"),
            ("redis://ada@h", "h", 6379, "ada", nil, 0, "redis://ada@h:6379"),
            ("redis://[::1]:6380", "::1", 6380, nil, nil, 0, "redis://[::1]:6380"),
            ("rediss://ada:x@h", "h", 6379, "ada", "x", 0, "rediss://ada:<secret>@h:6379"),
        ] as [(String, String, Int, String?, String?, Int, String)]
    )
    func good(
        url: String,
        host: String,
        port: Int,
        user: String?,
        password: String?,
        database: Int,
        shown: String
    ) throws {
        let configuration = try RedisConfiguration(url: url)
        #expect(configuration.host == host && configuration.port == port)
        #expect(configuration.username == user && configuration.password == password)
        #expect(configuration.database == database && (configuration.tls != nil) == url.hasPrefix("rediss"))
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(configuration.description == shown && configuration.debugDescription == shown)
        if let password, password != "x" { #expect(!dumped.contains(password)) }
    }

    @Test(
        "What is no address says why, and repeats nothing of it",
        arguments: [
            ("", .unknownScheme), ("http://hunter2@h", .unknownScheme), ("redis:h", .unknownScheme),
            ("redis://", .malformedHost),
            ("redis://:hunter2@", .malformedHost), ("redis://:hunter2@h:0", .malformedPort),
            ("redis://h:65536", .malformedPort), ("redis://h:+1", .malformedPort), ("redis://h:", .malformedPort),
            ("redis://[::1", .malformedHost), ("redis://[::1]x", .malformedPort), ("redis://h/x", .malformedDatabase),
            ("redis://h/-1", .malformedDatabase), ("redis://h/1/2", .malformedDatabase),
            ("redis://:hunter2%@h", .malformedEscape), ("redis://:%+1hunter2@h", .malformedEscape),
            ("redis://:%ff@h", .malformedEscape), ("redis://h?password=hunter2", .unknownPart),
            ("redis://h#x", .unknownPart),
        ] as [(String, RedisAddressError)]
    )
    func bad(url: String, error: RedisAddressError) {
        #expect(throws: error) { try RedisConfiguration(url: url) }
        #expect(!error.description.contains("hunter2"))
    }

    @Test("Authorities must be there, and be of use")
    func authorities() {
        #expect(throws: RedisAddressError.authoritiesWithoutTLS) {
            try RedisConfiguration(url: "redis://h", authorities: "/tmp/x.pem")
        }
        #expect(throws: RedisAddressError.noAuthorities(file: "/nowhere/x.pem")) {
            try RedisConfiguration(url: "rediss://h", authorities: "/nowhere/x.pem")
        }
    }

    @Test("Pauses double up to their bound, are never short, and begin again after success")
    func backoff() {
        var generator = SystemRandomNumberGenerator()
        var backoff = RedisBackoff(minimum: .milliseconds(100), maximum: .seconds(5))
        for bound in [100, 200, 400, 800, 1600, 3200, 5000, 5000] + [Int64](repeating: 5000, count: 100) {
            let pause = backoff.next(using: &generator)
            #expect((.milliseconds(bound / 2) ... .milliseconds(bound)).contains(pause))
        }
        backoff.reset()
        #expect(backoff.next(using: &generator) <= .milliseconds(100))
    }

    @Test("A text fits only itself as a pattern")
    func patterns() {
        #expect(RedisTopic.literal("socket.io#/a*[b]?\\^#") == "socket.io#/a\\*\\[b\\]\\?\\\\\\^#")
    }
}
