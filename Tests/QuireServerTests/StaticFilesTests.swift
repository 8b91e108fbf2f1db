import Foundation
import Testing

@testable import QuireServer

@Suite("Static files")
struct StaticFilesTests {
    /// A folder with a page, a script in a folder, hidden and linked files; and a secret beside it.
    private func withFiles(_ body: (StaticFiles) throws -> Void) throws {
        let manager = FileManager.default
        let base = manager.temporaryDirectory.appending(path: "quire-static-\(UUID().uuidString)")
        let root = base.appending(path: "site")
        for folder in ["lib/empty", "lib/x\u{600}"] {
            try manager.createDirectory(at: root.appending(path: folder), withIntermediateDirectories: true)
        }
        defer { try? manager.removeItem(at: base) }
        for (name, text) in [
            ("site/index.html", "<p>page"), ("site/lib/a.js", "script"), ("site/.hidden", "hidden"),
            ("secret", "secret"),
            ("site/with space.txt", "space"), ("site-b", "neighbour"), ("site/lib/x\u{600}/.env", "hidden"),
        ] {
            try Data(text.utf8).write(to: base.appending(path: name))
        }
        try manager.createSymbolicLink(
            at: root.appending(path: "out.txt"),
            withDestinationURL: base.appending(path: "secret")
        )
        try manager.createSymbolicLink(
            at: root.appending(path: "in.html"),
            withDestinationURL: root.appending(path: "index.html")
        )
        try body(try #require(StaticFiles(directory: root.path)))
    }

    @Test("Files are found by their path, and a folder stands for its index")
    func found() throws {
        try withFiles { files in
            for (path, text) in [
                ("/", "<p>page"), ("/index.html", "<p>page"), ("//index.html", "<p>page"), ("/lib/a.js", "script"),
                ("/with space.txt", "space"), ("/in.html", "<p>page"),
            ] {
                #expect(files.file(at: path).map { String(decoding: $0.bytes, as: UTF8.self) } == text, "\(path)")
            }
        }
    }

    @Test("No path leads out of the folder")
    func traversal() throws {
        try withFiles { files in
            for path in [
                "/../secret", "/lib/../../secret", "/lib/../index.html", "/./index.html", "/.hidden", "/out.txt",
                "secret",
                "", "/..", "/lib/", "/lib/empty", "/..\\secret", "/lib\\a.js", "/none", "/index.html/x", "/../site-b",
                "/\u{0}", "/a\nb", "/lib/x\u{600}/.env", "/" + String(repeating: "a/", count: 600),
            ] {
                #expect(files.file(at: path) == nil, "\(path)")
            }
        }
    }

    @Test(
        "A name's extension tells the type",
        arguments: [
            ("index.html", "text/html; charset=utf-8"), ("a.js", "text/javascript; charset=utf-8"),
            ("a.MJS", "text/javascript; charset=utf-8"), ("a.css", "text/css; charset=utf-8"),
            ("a.svg", "image/svg+xml"),
            ("a.json", "application/json"), ("a.wasm", "application/wasm"), ("a", "application/octet-stream"),
            ("a.b/c", "application/octet-stream"), ("a.exe", "application/octet-stream"),
        ]
    )
    func types(name: String, type: String) {
        #expect(StaticFiles.contentType(ofName: name) == type)
    }

    @Test("There are no files where there is no folder")
    func noFolder() {
        #expect(StaticFiles(directory: "/nonexistent/folder") == nil)
        #expect(StaticFiles(directory: "/etc/passwd") == nil)
    }

    @Test(
        "Percent-encoding is decoded strictly",
        arguments: [
            ("a%20b", "a b"), ("%3A", ":"), ("%3a", ":"), ("%C3%A4", "ä"), ("", ""), ("a%", nil), ("a%2", nil),
            ("a%zz", nil), ("%C3", nil), ("%00", nil), ("%ff", nil),
        ] as [(String, String?)]
    )
    func percent(text: String, decoded: String?) {
        #expect(PercentEncoding.decode(text) == decoded)
    }
}

extension StaticFiles.File: Equatable {
    static func == (left: Self, right: Self) -> Bool {
        left.bytes == right.bytes && left.contentType == right.contentType
    }
}
