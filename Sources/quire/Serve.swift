import ArgumentParser
import Logging
import QuireServer
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `quire serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve documents until SIGTERM or SIGINT.",
        discussion: """
            Without a secret anybody may connect, so the server then listens on this machine only. With one, clients \
            show a JWT (HS256); `quire token` makes such tokens for trying things out.
            """
    )

    @Option(help: "The address to listen at.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen at; 0 takes a free one.")
    var port = 8080

    @Option(help: ArgumentHelp("The SQLite file; made when it does not exist.", valueName: "file"))
    var database = "quire.sqlite"

    @OptionGroup(title: "Who may connect")
    var access: AccessOptions

    @Option(help: ArgumentHelp("The folder served at /; `samples`, where there is one.", valueName: "folder"))
    var samples: String?

    @Option(
        help: ArgumentHelp(
            "The JavaScript SDK's folder, served at /sdk/; `.build-web/sdk`, where there is one.",
            valueName: "folder"
        )
    )
    var sdk: String?

    @Option(help: "Event loops; a document lives on one of them.")
    var loops = 1

    @Option(help: ArgumentHelp("Write the port to this file once the server listens.", valueName: "file"))
    var portFile: String?

    @OptionGroup(title: "Logging")
    var logging: LoggingOptions

    @OptionGroup(title: "Limits")
    var limits: LimitOptions

    /// The server's configuration.
    ///
    /// What the command line does not say, the environment may.
    func serverConfiguration(environment: [String: String]) -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.host = host
        configuration.port = port
        configuration.databasePath = database
        configuration.samplesDirectory = samples ?? (Self.isFolder("samples") ? "samples" : nil)
        configuration.sdkDirectory = sdk ?? (Self.isFolder(".build-web/sdk") ? ".build-web/sdk" : nil)
        configuration.eventLoopCount = loops
        configuration.portFile = portFile
        access.apply(to: &configuration, environment: environment)
        configuration.limits = limits.serverLimits
        return configuration
    }

    func validate() throws {
        do {
            try serverConfiguration(environment: Environment.variables).validate()
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() async throws {
        // A peer that goes away while we write to it is nothing to die of.
        signal(SIGPIPE, SIG_IGN)
        let configuration = serverConfiguration(environment: Environment.variables)
        let logger = logging.makeLogger(label: "quire")
        let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        let server = try QuireServer(configuration: configuration, logger: logger) { port in
            print("Quire is listening at http://\(host):\(port)/")
            // Scripts read it through a pipe, which is not flushed at the end of a line.
            fflush(nil)
        }
        var group = ServiceGroupConfiguration(
            services: [.init(service: server)],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logging.makeLogger(label: "lifecycle", atLeast: .warning)
        )
        group.maximumGracefulShutdownDuration = .seconds(configuration.limits.shutdownSeconds)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch {
            logger.critical(
                "the server failed",
                metadata: [
                    "error": "\(error)", "address": "\(host):\(configuration.port)",
                    "database": "\(configuration.databasePath)",
                ]
            )
            throw ExitCode.failure
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
