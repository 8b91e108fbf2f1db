/// A string that must never be shown: whatever prints, logs or dumps it sees a placeholder.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The string itself.
    ///
    /// Read it only where it is used.
    let revealed: String

    /// Wraps a secret.
    public init(_ value: String) {
        self.revealed = value
    }

    /// How many bytes the secret has, which is what a warning about short secrets needs.
    public var byteCount: Int { revealed.utf8.count }

    /// A placeholder.
    public var description: String { "<secret>" }

    /// A placeholder.
    public var debugDescription: String { "<secret>" }

    /// Without children, so that `dump` shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
