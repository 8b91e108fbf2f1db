import ArgumentParser
import SQLiteStore
import SocketIOProtocol

/// Where the documents are, for commands that work on the file.
struct DatabaseOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The SQLite file. Also QUIRE_DATABASE.", valueName: "file"))
    var database: String?

    /// The file.
    var path: String { database ?? Environment.variables["QUIRE_DATABASE"] ?? "quire.sqlite" }
}

/// `quire backup`.
struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the database while the server runs.",
        discussion: """
            The copy is one file, as of one instant; it gets its name once it is whole, checked and on disk. To restore it, stop \
            the server, put it in the database's place, take away the database's -wal and -shm, and start the server.
            """
    )

    @OptionGroup
    var database: DatabaseOptions

    @Argument(help: ArgumentHelp("The copy.", valueName: "file"))
    var target: String

    @Flag(help: "Replace a file that is there.")
    var replace = false

    @Flag(help: "Do not check the copy; it may then hold what was damaged before.")
    var unchecked = false

    @Flag(help: "Print one JSON object: the copy, its bytes, and what was checked, or null.")
    var json = false

    func run() throws {
        try Tool.run {
            var checked: CheckReport.Counts?
            let source = try DatabaseFile(path: database.path)
            let byteCount = try source.backUp(to: target, replaces: replace) { copy in
                if unchecked { return }
                let report = try DatabaseFile(path: copy).check { Tool.complain("\($0)") }
                checked = report.counts
                guard report.isSound else {
                    throw ToolFailure(
                        "the database is damaged, as said above; `quire backup --unchecked` copies it all the same"
                    )
                }
            }
            guard json else { return print("\(target): \(byteCount) bytes") }
            let counts = checked.map { JSONObject(Check.counts($0).map { ($0, JSON.int($1)) }) }
            let object: JSON = [
                "file": .string(target), "bytes": .int(byteCount), "checked": counts.map { .object($0) } ?? .null,
            ]
            print(String(decoding: object.serialize(), as: UTF8.self))
        }
    }
}
