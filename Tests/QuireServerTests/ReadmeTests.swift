import Foundation
import QuireClient
import Testing

@Suite("The README")
struct ReadmeTests {
    @Test("The Swift example works as it stands there")
    func example() async throws {
        try await withServer { port async throws in
            let server = "http://127.0.0.1:\(port)"
            // README: begin
            let connection = try QuireConnection(url: server)
            let document = try await connection.open("hello")
            try await document.insert("Hello from Swift. ", at: 0)
            try await document.flush()  // now it is on the server's disk
            print(await document.text())
            await connection.close()
            // README: end
        }

        let source = try String(contentsOfFile: #filePath, encoding: .utf8)
        let begin = try #require(source.range(of: "// README: begin\n"))
        let end = try #require(source.range(of: "            // README: end"))
        let shown = source[begin.upperBound..<end.lowerBound].split(separator: "\n").map { $0.dropFirst(12) + "\n" }
        let readme = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../README.md")
        #expect(try String(contentsOf: readme, encoding: .utf8).contains("```swift\n" + shown.joined() + "```"))
    }
}
