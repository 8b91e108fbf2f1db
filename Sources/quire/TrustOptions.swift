import ArgumentParser
import NIOCore
import NIOSSL

/// Whom a client believes over https.
struct TrustOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Certificates in PEM of the authorities to trust, in place of the system's, for https.",
            valueName: "file"
        )
    )
    var tlsCa: String?

    /// Adds what encrypts a connection to `host`, as `ConnectionConfiguration` takes it.
    ///
    /// - Throws: when the file cannot be used.
    func secureTransport() throws -> @Sendable (any Channel, _ host: String) throws -> Void {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let tlsCa {
            guard let authorities = try? NIOSSLCertificate.fromPEMFile(tlsCa), !authorities.isEmpty else {
                throw ValidationError("\(tlsCa) holds no certificate in PEM")
            }
            configuration.trustRoots = .certificates(authorities)
        }
        let context = try NIOSSLContext(configuration: configuration)
        return { channel, host in
            // A name is asked for in the handshake (SNI); an address cannot be, and is checked all the same.
            let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
            let handler = try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
            try channel.pipeline.syncOperations.addHandler(handler, position: .first)
        }
    }
}
