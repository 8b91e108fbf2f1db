import CRDT
import Testing

@testable import Collaboration

@Suite("Paths")
struct ContainerPathTests {
    @Test("A path is read and written the same", arguments: ["body", "a/b", "a/0/c", "a//b", "a/", "~0~1/~1~0", "é/😀"])
    func roundTrip(text: String) throws {
        #expect(try #require(ContainerPath(text)).string == text)
    }

    @Test("A slash and a tilde in a part are escaped")
    func escapes() throws {
        let path = try #require(ContainerPath("a~1b/c~0d/~01"))
        #expect(path.root == "a/b")
        #expect(path.steps == [Array("c~d".utf8), Array("~1".utf8)])
    }

    @Test(
        "What is no path is refused",
        arguments: [
            "", "/", "/a", "a/~", "a/~2", "~", "a~",
            String(repeating: "r", count: 257), String(repeating: "a/", count: 65),
        ]
    )
    func refused(text: String) {
        #expect(ContainerPath(text) == nil)
    }

    @Test("An index is written in one way only")
    func indices() {
        for (text, index) in [("0", 0), ("7", 7), ("10", 10), ("9999999999", 9_999_999_999)] {
            #expect(ContainerPath.index(Array(text.utf8)) == index)
            #expect(ContainerPath.step(index) == Array(text.utf8))
        }
        for text in ["", "00", "01", "-1", "+1", "1.0", " 1", "x", "12345678901", "٣"] {
            #expect(ContainerPath.index(Array(text.utf8)) == nil)
        }
    }
}
