import Foundation
import NIOSSL

/// Who the server says it is: a certificate with its key, ready for handshakes.
struct TLSIdentity: Sendable {
    /// Larger files are no certificates.
    private static let maximumFileBytes = 1 << 20

    let context: NIOSSLContext

    /// When the certificate ends, in seconds since 1970.
    let end: Int

    /// The files as they were read; another certificate has other bytes.
    let bytes: [[UInt8]]

    /// Reads both files.
    ///
    /// - Throws: when one of them cannot be read or is not in PEM, or when the key is not the certificate's.
    init(_ files: TLSFiles) throws(ConfigurationError) {
        let certificate = try Self.read(files.certificate)
        let key = try Self.read(files.key)
        bytes = [certificate, key]
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(certificate), let leaf = chain.first else {
            throw .invalid("\(files.certificate) holds no certificate in PEM")
        }
        guard let privateKey = try? NIOSSLPrivateKey(bytes: key, format: .pem) else {
            throw .invalid("\(files.key) holds no private key in PEM that can be read without a password")
        }
        end = Int(leaf.notValidAfter)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(privateKey)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw .invalid("\(files.key) is not the key of \(files.certificate)")
        }
    }

    private static func read(_ path: String) throws(ConfigurationError) -> [UInt8] {
        guard let file = FileHandle(forReadingAtPath: path) else { throw .invalid("\(path) cannot be read") }
        defer { try? file.close() }
        guard let data = try? file.read(upToCount: maximumFileBytes + 1), data.count <= maximumFileBytes else {
            throw .invalid("\(path) cannot be read, or is larger than \(maximumFileBytes) bytes")
        }
        return Array(data)
    }
}
