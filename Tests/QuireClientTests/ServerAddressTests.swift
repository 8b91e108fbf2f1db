import Testing

@testable import QuireClient

@Suite("Addresses of servers")
struct ServerAddressTests {
    @Test(
        "A URL is taken apart",
        arguments: [
            ("http://127.0.0.1:8080", "127.0.0.1", 8080, false, "", "127.0.0.1:8080"),
            ("ws://host", "host", 80, false, "", "host"),
            ("https://host/", "host", 443, true, "", "host"),
            ("wss://host:1/a/b/", "host", 1, true, "/a/b", "host:1"),
            ("http://[::1]:9", "::1", 9, false, "", "[::1]:9"),
            ("HTTP://Host", "Host", 80, false, "", "Host"),
        ]
    )
    func parses(url: String, host: String, port: Int, isSecure: Bool, prefix: String, authority: String) throws {
        let address = try ServerAddress(url)
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.isSecure == isSecure)
        #expect(address.prefix == prefix)
        #expect(address.authority == authority)
    }

    @Test(
        "What is no address is refused",
        arguments: [
            "", "host:80", "ftp://host", "http://", "http://:80", "http://h:0", "http://h:65536", "http://h:x",
            "http://[::1",
            "http://u@h", "http://h/?q", "http://h/#f", "http://h\r\nX: y", "http://h /", "http://[::1]x",
        ]
    )
    func refuses(url: String) {
        #expect(throws: QuireError(code: .invalidURL, message: "")) { try ServerAddress(url) }
    }
}
