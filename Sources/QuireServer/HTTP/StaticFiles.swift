#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The files of one folder, small enough to be read whole: the samples.
///
/// A path is taken apart and every part is looked at before the file system is: there is no way up, no hidden file and
/// no symbolic link out of the folder.
struct StaticFiles: Sendable {
    /// Files larger than this are not served.
    static let maximumBytes = 16 * 1024 * 1024

    /// What is found for a path.
    struct File: Sendable {
        /// The content.
        var bytes: [UInt8]

        /// Its media type.
        var contentType: String
    }

    private let root: String

    /// Files below a folder; nil when there is no such folder.
    init?(directory: String) {
        guard let resolved = Self.resolved(directory), Self.isDirectory(resolved) else { return nil }
        root = resolved
    }

    /// The file of a request's path, percent-decoded; a folder stands for its `index.html`.
    ///
    /// Nil when there is none.
    ///
    /// Blocks while the file is read: not for an event loop.
    func file(at path: String) -> File? {
        guard let relative = Self.relativePath(of: path) else { return nil }
        var candidate = relative.isEmpty ? root : root + "/" + relative
        if Self.isDirectory(candidate) { candidate += "/index.html" }
        // Links inside the folder are fine, links out of it are not.
        guard let resolved = Self.resolved(candidate), resolved.hasPrefix(root + "/") else { return nil }
        guard let bytes = Self.contents(of: resolved) else { return nil }
        return File(bytes: bytes, contentType: Self.contentType(ofName: resolved))
    }

    /// Whether a request's path, percent-decoded, is a folder without the slash at its end.
    ///
    /// The page's own links would be looked for beside the folder.
    func isMissingSlash(_ path: String) -> Bool {
        guard path.utf8.last != UInt8(ascii: "/"), let relative = Self.relativePath(of: path) else { return false }
        guard let resolved = Self.resolved(root + "/" + relative), resolved.hasPrefix(root + "/") else { return false }
        return Self.isDirectory(resolved)
    }

    /// The path relative to the folder, or nil when it is none of ours.
    static func relativePath(of path: String) -> String? {
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count <= 1024 else { return nil }
        var parts: [String] = []
        // By bytes, as the file system does: to `Character` a slash behind U+0600 is none.
        for part in path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true) {
            // A leading dot is a hidden file, this folder or the one above.
            guard part.first != UInt8(ascii: ".") else { return nil }
            guard part.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }) else { return nil }
            parts.append(String(Substring(part)))
        }
        return parts.joined(separator: "/")
    }

    /// The media type a name's extension stands for.
    ///
    /// Text is UTF-8.
    static func contentType(ofName name: String) -> String {
        let last = name.split(separator: "/").last ?? ""
        guard let dot = last.lastIndex(of: ".") else { return "application/octet-stream" }
        switch last[last.index(after: dot)...].lowercased() {
        case "html", "htm": return "text/html; charset=utf-8"
        case "js", "mjs": return "text/javascript; charset=utf-8"
        case "css": return "text/css; charset=utf-8"
        case "json", "map": return "application/json"
        case "svg": return "image/svg+xml"
        case "png": return "image/png"
        case "jpg", "jpeg": return "image/jpeg"
        case "gif": return "image/gif"
        case "webp": return "image/webp"
        case "ico": return "image/x-icon"
        case "woff2": return "font/woff2"
        case "wasm": return "application/wasm"
        case "txt", "md": return "text/plain; charset=utf-8"
        default: return "application/octet-stream"
        }
    }

    private static func resolved(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func contents(of path: String) -> [UInt8]? {
        // Non-blocking, lest a named pipe in the folder hold the thread for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        guard status.st_size <= maximumBytes else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                read(descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
            }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            filled += count
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }
}
