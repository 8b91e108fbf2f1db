/// Splits the target of an HTTP request.
enum RequestTarget {
    /// Whether the path of `uri` is `path` (which ends in a slash), with or without that slash.
    static func isMatch(_ uri: String, path: String) -> Bool {
        let sent = uri.utf8.prefix { $0 != UInt8(ascii: "?") }
        return sent.elementsEqual(path.utf8) || sent.elementsEqual(path.utf8.dropLast())
    }

    /// What stands behind the `?`, still encoded.
    static func query(of uri: String) -> Substring.UTF8View {
        let utf8 = uri.utf8
        let mark = utf8.firstIndex(of: UInt8(ascii: "?")) ?? utf8.endIndex
        return uri[mark...].dropFirst().utf8
    }
}
