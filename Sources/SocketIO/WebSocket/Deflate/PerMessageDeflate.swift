/// What a server agrees to of permessage-deflate (RFC 7692).
///
/// Compression costs CPU and, with context takeover, up to 300 KiB a connection; it is off unless configured.
public struct PerMessageDeflate: Sendable, Hashable {
    /// The smallest message that is compressed, in bytes; default 1,024, as in the Node server.
    public var threshold = 1024
    /// Whether the server forgets its window after each message, which frees its memory; default false.
    public var serverNoContextTakeover = false
    /// Whether clients must forget their window after each message; default false.
    public var clientNoContextTakeover = false
    /// The largest window of the server, as a power of two: 8 to 15, the default.
    public var serverMaxWindowBits = 15
    /// The largest window asked of clients that can be asked: 8 to 15, the default.
    public var clientMaxWindowBits = 15

    /// The configuration as described.
    public init() {}

    /// What both sides agreed on.
    struct Agreement: Sendable, Hashable {
        var serverNoContextTakeover = false
        var clientNoContextTakeover = false
        var serverMaxWindowBits = 15
        var clientMaxWindowBits = 15
        /// The value of the response's `Sec-WebSocket-Extensions`.
        var header = "permessage-deflate"
    }

    /// Takes the first offer that is valid and can be met (section 5.1); nil declines them all.
    func negotiate(_ offers: some Sequence<String>) -> Agreement? {
        for line in offers {
            for offer in line.split(separator: ",") {
                if let agreement = self.accept(offer) { return agreement }
            }
        }
        return nil
    }

    private func accept(_ offer: Substring) -> Agreement? {
        let parts = offer.split(separator: ";", omittingEmptySubsequences: false).map(Self.trim)
        guard parts[0].lowercased() == "permessage-deflate" else { return nil }
        var agreement = Agreement()
        agreement.serverNoContextTakeover = self.serverNoContextTakeover
        agreement.clientNoContextTakeover = self.clientNoContextTakeover
        agreement.serverMaxWindowBits = min(max(self.serverMaxWindowBits, 8), 15)
        let clientBits = min(max(self.clientMaxWindowBits, 8), 15)
        var seen: Set<String> = []
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.trim)
            let value = pair.count == 2 ? Self.unquote(pair[1]) : nil
            // Section 7.1: an unknown or repeated parameter, or a value out of place, makes the offer invalid.
            guard seen.insert(pair[0].lowercased()).inserted else { return nil }
            switch (pair[0].lowercased(), value) {
            case ("server_no_context_takeover", nil):
                agreement.serverNoContextTakeover = true
            case ("client_no_context_takeover", nil):
                agreement.clientNoContextTakeover = true
            case ("server_max_window_bits", let value?):
                guard let bits = Self.bits(value) else { return nil }
                agreement.serverMaxWindowBits = min(agreement.serverMaxWindowBits, bits)
            case ("client_max_window_bits", nil):
                agreement.clientMaxWindowBits = clientBits
            case ("client_max_window_bits", let value?):
                guard let bits = Self.bits(value) else { return nil }
                agreement.clientMaxWindowBits = min(clientBits, bits)
            default:
                return nil
            }
        }
        if agreement.serverNoContextTakeover { agreement.header += "; server_no_context_takeover" }
        if agreement.clientNoContextTakeover { agreement.header += "; client_no_context_takeover" }
        if agreement.serverMaxWindowBits < 15 || seen.contains("server_max_window_bits") {
            agreement.header += "; server_max_window_bits=\(agreement.serverMaxWindowBits)"
        }
        // Section 7.1.2.2: only a client that offered the parameter can be told its window.
        if seen.contains("client_max_window_bits") {
            agreement.header += "; client_max_window_bits=\(agreement.clientMaxWindowBits)"
        }
        return agreement
    }

    private static func bits(_ value: Substring) -> Int? {
        // Section 7.1.2.1: a decimal without leading zeros.
        guard value.first != "0", value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let bits = Int(value),
            (8...15).contains(bits)
        else { return nil }
        return bits
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }

    private static func unquote(_ text: Substring) -> Substring {
        guard text.count >= 2, text.first == "\"", text.last == "\"" else { return text }
        return text.dropFirst().dropLast()
    }
}
