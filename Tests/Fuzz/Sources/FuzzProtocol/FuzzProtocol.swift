public import FuzzKit

/// The decoders and state machines of the protocols.
public enum FuzzProtocol {
    /// One target a format or state machine.
    public static let targets: [FuzzTarget] = [
        json, engineRequest, enginePacket, pollingPayload, socketPacket,
        engineServerSession, socketServerSession, engineClientSession, socketClientSession,
    ]
}
