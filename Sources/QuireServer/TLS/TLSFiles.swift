/// Where the server's certificate and its key are.
public struct TLSFiles: Hashable, Sendable {
    /// The certificate in PEM, with those that lead from it to the authority behind it.
    public var certificate: String

    /// Its private key in PEM, not encrypted.
    public var key: String

    /// Both files.
    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}
