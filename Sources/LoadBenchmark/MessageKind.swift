/// What a message of the load is.
public enum MessageKind: String, CaseIterable, Sendable {
    /// A text event that the server passes on and stores nowhere.
    case signal
    /// The same with its payload as a binary attachment.
    case binarySignal = "binary-signal"
    /// A keystroke of a client with the engine: a binary event, acknowledged when it is on disk.
    case change
    /// A keystroke of a thin client: an edit by position, acknowledged when it is on disk.
    case edit
    /// A presence state; the server gathers them.
    case presence
}

/// Kinds and how often each comes.
public struct MessageMix: Sendable, Equatable {
    /// Messages over which the shares come out exactly.
    public static let maximumWeight = 1000

    /// One round of kinds, in the order in which a sender sends them.
    public let pattern: [MessageKind]
    /// As it was written.
    public let description: String

    /// Reads `signal`, or `change=8,presence=2`.
    ///
    /// - Returns: `nil` for an unknown kind, one that comes twice, no weight or too much of it.
    public init?(_ text: String) {
        var weights: [(kind: MessageKind, weight: Int)] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", omittingEmptySubsequences: false)
            guard pair.count <= 2, let kind = MessageKind(rawValue: String(pair[0])) else { return nil }
            guard let weight = pair.count == 2 ? Int(pair[1]) : 1, (1...Self.maximumWeight).contains(weight),
                !weights.contains(where: { $0.kind == kind })
            else { return nil }
            weights.append((kind, weight))
        }
        let total = weights.reduce(0) { $0 + $1.weight }
        guard (1...Self.maximumWeight).contains(total) else { return nil }
        // The kind that is furthest behind its share comes next, so that rare kinds are spread evenly.
        var credit = weights.map { _ in 0 }
        var pattern: [MessageKind] = []
        for _ in 0..<total {
            for index in weights.indices { credit[index] += weights[index].weight }
            let best = weights.indices.reduce(0) { credit[$1] > credit[$0] ? $1 : $0 }
            credit[best] -= total
            pattern.append(weights[best].kind)
        }
        self.pattern = pattern
        self.description = text
    }

    /// Whether a kind comes at all.
    public func contains(_ kind: MessageKind) -> Bool { self.pattern.contains(kind) }
}
