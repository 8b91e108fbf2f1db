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

            Every option may also be set in the environment (--max-message-bytes as QUIRE_MAX_MESSAGE_BYTES) or in the \
            file that --config names ("max-message-bytes"); options come first, then the environment, then the file. \
            `quire config` prints what is in effect.
            """
    )

    @OptionGroup
    var options: ServeOptions

    func validate() throws {
        do {
            try options.resolve(environment: Environment.variables).server.validate()
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() async throws {
        // A peer that goes away while we write to it is nothing to die of.
        signal(SIGPIPE, SIG_IGN)
        // `systemctl reload` is no reason to end either; who has a certificate to read again listens for it.
        signal(SIGHUP, SIG_IGN)
        FileLimit.raise()
        let settings = try options.resolve(environment: Environment.variables)
        let configuration = settings.server
        let logger = settings.logging.makeLogger(label: "quire")
        let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        let server = try QuireServer(configuration: configuration, logger: logger) { port in
            let scheme = configuration.tls == nil ? "http" : "https"
            print("Quire is listening at \(scheme)://\(host):\(port)/")
            // Scripts read it through a pipe, which is not flushed at the end of a line.
            fflush(nil)
        }
        var group = ServiceGroupConfiguration(
            services: [.init(service: server)],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: settings.logging.makeLogger(label: "lifecycle", atLeast: .warning)
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
}
