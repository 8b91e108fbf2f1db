public import FuzzKit

/// The decoders of the protocols.
public enum FuzzProtocol {
    /// One target a format.
    public static let targets: [FuzzTarget] = []
}
