public import FuzzKit

/// The decoders of the engine.
public enum FuzzCRDT {
    /// One target a format.
    public static let targets: [FuzzTarget] = []
}
