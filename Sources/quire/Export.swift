public import ArgumentParser
import Collaboration
import Foundation
public import QuireServer
import SQLiteStore

extension TransferFormat: ExpressibleByArgument {}

/// `quire export`.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write documents as text, JSON or snapshots, also while the server runs.",
        discussion: """
            One document goes to standard output, or with --to into a folder, where each has a file of its own. A snapshot holds \
            all that replicas need to go on with the document; its epoch, which `quire import --epoch` wants, is in the JSON.
            """
    )

    @OptionGroup
    var database: DatabaseOptions

    @Argument(help: ArgumentHelp("The documents.", valueName: "document"))
    var documents: [String] = []

    @Flag(help: "Write all documents there are.")
    var all = false

    @Option(help: "text, json or snapshot.")
    var format = TransferFormat.json

    @Option(help: ArgumentHelp("Which text, for text; body, or the only one, when left out.", valueName: "name"))
    var root: String?

    @Option(
        help: ArgumentHelp("The folder that the files go to; it is made when it is not there.", valueName: "folder")
    )
    var to: String?

    func validate() throws {
        guard all != !documents.isEmpty else { throw ValidationError("Name documents, or say --all.") }
        guard to != nil || (!all && documents.count == 1) else { throw ValidationError("Several want a folder: --to.") }
        for name in documents where DocumentID(name) == nil {
            throw ValidationError("\(name) is no name of a document.")
        }
    }

    func run() throws {
        try Tool.run {
            let file = try DatabaseFile(path: database.path)
            // Documents may be private, as a backup of them is.
            umask(0o077)
            if let to { try FileManager.default.createDirectory(atPath: to, withIntermediateDirectories: true) }
            var failures = 0
            func write(_ id: DocumentID) {
                do { try self.write(id, of: file) } catch {
                    failures += 1
                    Tool.complain("quire: \(error)")
                }
            }
            if all {
                var last: DocumentID?
                while case let names = try file.names(after: last, limit: 500), let final = names.last {
                    names.forEach(write)
                    last = final
                }
            } else {
                documents.compactMap(DocumentID.init).forEach(write)
            }
            // The others are there all the same.
            if failures > 0 { throw ExitCode(1) }
        }
    }

    private func write(_ id: DocumentID, of file: DatabaseFile) throws {
        guard let stored = try file.document(id) else { throw ToolFailure("there is no document \(id)") }
        let bytes = try DocumentExport.bytes(of: stored, named: id, as: format, root: root)
        guard let to else { return try FileHandle.standardOutput.write(contentsOf: bytes) }
        let path = URL(fileURLWithPath: to).appendingPathComponent("\(id).\(format.fileExtension)")
        try Data(bytes).write(to: path, options: .atomic)
    }
}
