#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Why keys could not be had.
enum KeySourceError: Error, Equatable, CustomStringConvertible {
    /// The file cannot be read.
    case unreadable(errno: Int32)
    /// The server did not answer in time, or not with 200.
    case unreachable(String)
    /// What came has no keys in it.
    case unusable(String)

    /// For the log.
    var description: String {
        switch self {
        case .unreadable(let code): return "the file cannot be read (errno \(code))"
        case .unreachable(let why): return "the address cannot be read: \(why)"
        case .unusable(let why): return "the keys cannot be used: \(why)"
        }
    }
}

/// Where public keys come from.
enum KeySource: Sendable, Equatable, CustomStringConvertible {
    /// A file: PEM or a JWK set.
    case file(String)
    /// An `http` or `https` address of a JWK set.
    case url(String)

    /// What an option names.
    init(_ text: String) {
        let isURL = ["http://", "https://"].contains { text.lowercased().hasPrefix($0) }
        self = isURL ? .url(text) : .file(text)
    }

    /// For the log.
    var description: String {
        switch self {
        case .file(let path): return path
        case .url(let address): return address
        }
    }

    /// The bytes of a source, and for how long they are good, in seconds, if it says so.
    struct Answer: Sendable {
        /// The bytes.
        var bytes: [UInt8]
        /// `max-age` of `Cache-Control`.
        var maximumAge: Double?
    }

    /// Reads the source, within ``KeySet/maximumBytes`` and a few seconds.
    ///
    /// Off every event loop.
    @concurrent
    func read(timeout: Duration) async throws(KeySourceError) -> Answer {
        switch self {
        case .file(let path): return Answer(bytes: try Self.readFile(path), maximumAge: nil)
        case .url(let address): return try await KeyFetch.fetch(address, timeout: timeout)
        }
    }

    private static func readFile(_ path: String) throws(KeySourceError) -> [UInt8] {
        // Not waiting for the other end, should it be a pipe.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(errno: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while bytes.count <= KeySet.maximumBytes {
            let count = buffer.withUnsafeMutableBytes { Self.systemRead(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw .unreadable(errno: errno) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
        throw .unusable("larger than \(KeySet.maximumBytes) bytes")
    }

    private static func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
        Glibc.read(descriptor, buffer, count)
        #elseif canImport(Musl)
        Musl.read(descriptor, buffer, count)
        #elseif canImport(Darwin)
        Darwin.read(descriptor, buffer, count)
        #endif
    }
}
