extension JSON {
    /// Parses UTF-8 JSON (RFC 8259, strictly).
    ///
    /// - Complexity: O(*n*).
    public static func parse(_ utf8: some Collection<UInt8>, limits: Limits = .default) throws(JSONError) -> JSON {
        fatalError("phase 1")
    }
}
