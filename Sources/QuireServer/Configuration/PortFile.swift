#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The file that tells the script that started the server which port it got.
enum PortFile {
    /// Why it could not be written.
    struct WriteError: Error {
        /// The system's error number.
        var code: Int32
    }

    /// Writes the port and a line's end.
    ///
    /// Whoever waits for the file never finds half of it.
    static func write(port: Int, to path: String) throws(WriteError) {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw WriteError(code: errno) }
        let text = Array("\(port)\n".utf8)
        let count = text.withUnsafeBytes { Self.write(descriptor, $0.baseAddress, $0.count) }
        let failure = errno
        close(descriptor)
        guard count == text.count else { throw WriteError(code: failure) }
        guard rename(temporary, path) == 0 else { throw WriteError(code: errno) }
    }

    private static func write(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
        Glibc.write(descriptor, bytes, count)
        #elseif canImport(Musl)
        Musl.write(descriptor, bytes, count)
        #elseif canImport(Darwin)
        Darwin.write(descriptor, bytes, count)
        #endif
    }
}
