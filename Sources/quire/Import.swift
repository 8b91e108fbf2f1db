import ArgumentParser
import Collaboration
import Foundation
import Logging
import QuireServer
import SQLiteStore

/// `quire import`.
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make documents of texts, JSON or snapshots that `quire export` or others wrote.",
        discussion: """
            The server must not run meanwhile: it takes documents over HTTP. A document is named like its file, without what \
            the name ends with, unless --doc says otherwise.
            """
    )

    @OptionGroup
    var database: DatabaseOptions

    @Argument(help: ArgumentHelp("The files.", valueName: "file"))
    var files: [String]

    @Option(help: "text, json or snapshot; when left out, by what the file's name ends with: .txt, .json, .quire.")
    var format: TransferFormat?

    @Option(help: ArgumentHelp("The document, for one file.", valueName: "document"))
    var doc: String?

    @Option(help: ArgumentHelp("Which text, for text; body when left out.", valueName: "name"))
    var root: String?

    @Option(
        help: ArgumentHelp("The epoch of a snapshot's document, by which its replicas know it.", valueName: "epoch")
    )
    var epoch: String?

    @Flag(help: "Edit a document that is there until it is the same; its history stays.")
    var replace = false

    @OptionGroup(title: "Logging")
    var logging: LoggingOptions

    func validate() throws {
        guard !files.isEmpty else { throw ValidationError("Name files.") }
        guard files.count == 1 || (doc == nil && epoch == nil) else {
            throw ValidationError("--doc and --epoch are for one file.")
        }
        for file in files { _ = try (name(of: file), form(of: file)) }
        guard epoch.map({ (1...64).contains($0.utf8.count) }) ?? true else {
            throw ValidationError("An epoch has 1 to 64 characters.")
        }
    }

    func run() async throws {
        try await Tool.run {
            let store = try SQLiteStore(
                configuration: .init(path: database.path),
                logger: logging.byOptions.makeLogger(label: "import", atLeast: .warning)
            )
            do {
                for file in files { try await put(file, into: store) }
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }

    private func put(_ file: String, into store: SQLiteStore) async throws {
        guard let data = FileManager.default.contents(atPath: file) else { throw ToolFailure("\(file) cannot be read") }
        let importing = DocumentImport(store: store, timestamp: Int64(Date().timeIntervalSince1970 * 1_000))
        let id = try name(of: file)
        try await importing.put(
            Array(data),
            as: try form(of: file),
            into: id,
            root: root,
            epoch: epoch,
            replaces: replace
        )
        print(id)
    }

    private func name(of file: String) throws -> DocumentID {
        let base = URL(fileURLWithPath: file).lastPathComponent
        let ending = TransferFormat.allCases.map { ".\($0.fileExtension)" }.first { base.hasSuffix($0) } ?? ""
        let name = doc ?? String(base.dropLast(ending.count))
        guard let id = DocumentID(name) else {
            throw ValidationError("\(name) is no name of a document: 1 to 128 of A-Z a-z 0-9 . _ ~ : -; see --doc.")
        }
        return id
    }

    private func form(of file: String) throws -> TransferFormat {
        if let format { return format }
        guard let format = TransferFormat.allCases.first(where: { file.hasSuffix(".\($0.fileExtension)") }) else {
            throw ValidationError("Of which --format is \(file)?")
        }
        return format
    }
}
