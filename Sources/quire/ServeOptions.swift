import ArgumentParser
import Foundation
import QuireServer

/// Everything that `quire serve` can be told; what is not said here may be in the environment or in a file.
struct ServeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A JSON object of settings, named like these options. Also QUIRE_CONFIG.",
            valueName: "file"
        )
    )
    var config: String?

    @Option(help: "The address to listen at. (default: 127.0.0.1)")
    var host: String?

    @Option(help: "The port to listen at; 0 takes a free one. (default: 8080)")
    var port: Int?

    @Option(
        help: ArgumentHelp("The SQLite file; made when it does not exist. (default: quire.sqlite)", valueName: "file")
    )
    var database: String?

    @Option(
        help: ArgumentHelp(
            "The certificate chain in PEM, for HTTPS. Needs --tls-key; read again when the files change.",
            valueName: "file"
        )
    )
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's private key in PEM.", valueName: "file"))
    var tlsKey: String?

    @OptionGroup(title: "Several servers")
    var redis: RedisOptions

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

    @Option(help: "Event loops; a document lives on one of them. (default: 1)")
    var loops: Int?

    @Option(help: ArgumentHelp("Write the port to this file once the server listens.", valueName: "file"))
    var portFile: String?

    @OptionGroup(title: "Webhooks")
    var webhooks: WebhookOptions

    @OptionGroup(title: "Logging")
    var logging: LoggingOptions

    @OptionGroup(title: "Limits")
    var limits: LimitOptions

    /// The settings in effect.
    struct Resolved {
        var server = ServerConfiguration()
        var logging: LoggingOptions.Logging
        var effective: [SettingReader.Effective]
    }

    /// Puts the settings together.
    ///
    /// - Throws: when one of them cannot be read, wherever it stands.
    func resolve(environment: [String: String]) throws -> Resolved {
        var settings = try SettingReader(environment: environment, file: try configurationFile(environment))
        var server = ServerConfiguration()
        server.host = try settings.string("host", flag: host, default: server.host) ?? server.host
        server.port = try settings.int("port", flag: port, default: server.port)
        let database = try settings.string("database", flag: database, default: server.databasePath)
        server.databasePath = database ?? server.databasePath
        let certificate = try settings.string("tls-certificate", flag: tlsCertificate)
        let key = try settings.string("tls-key", flag: tlsKey)
        server.tls = try Self.tls(certificate: certificate, key: key)
        try access.apply(to: &server, &settings)
        let samplesFolder = Self.isFolder("samples") ? "samples" : nil
        server.samplesDirectory = try settings.string("samples", flag: samples, default: samplesFolder)
        let sdkFolder = Self.isFolder(".build-web/sdk") ? ".build-web/sdk" : nil
        server.sdkDirectory = try settings.string("sdk", flag: sdk, default: sdkFolder)
        server.eventLoopCount = try settings.int("loops", flag: loops, default: server.eventLoopCount)
        server.portFile = try settings.string("port-file", flag: portFile)
        server.redis = try redis.read(from: &settings)
        server.webhooks = try webhooks.read(from: &settings)
        let logging = try logging.read(from: &settings)
        server.limits = try limits.read(from: &settings)
        try settings.finish()
        return Resolved(server: server, logging: logging, effective: settings.effective)
    }

    private func configurationFile(_ environment: [String: String]) throws -> (path: String, bytes: [UInt8])? {
        guard let path = config ?? environment["QUIRE_CONFIG"], !path.isEmpty else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ValidationError("the configuration file \(path) cannot be read")
        }
        return (path, Array(data))
    }

    private static func tls(certificate: String?, key: String?) throws -> TLSFiles? {
        switch (certificate, key) {
        case (nil, nil): nil
        case (let certificate?, let key?): TLSFiles(certificate: certificate, key: key)
        default: throw ValidationError("tls-certificate and tls-key go together")
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
