import ArgumentParser

/// The command line: puts the parts together, nothing else.
@main
struct Quire: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quire",
        abstract: "A server on which people edit the same document at the same time.",
        subcommands: [
            Serve.self, Config.self, Backup.self, Check.self, Export.self, Import.self, Replay.self, Bench.self,
            Token.self,
        ]
    )
}
