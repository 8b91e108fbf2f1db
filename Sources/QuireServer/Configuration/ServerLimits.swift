/// What one client may ask of the server.
///
/// Design section 6 gives the defaults; every one has a flag of `quire serve`.
public struct ServerLimits: Sendable, Equatable {
    /// The bytes of one message from a client.
    public var maximumMessageBytes = 1024 * 1024

    /// Documents that one connection may have joined at a time.
    public var documentsPerConnection = 100

    /// The bytes of one presence state, as JSON.
    public var maximumPresenceBytes = 4096

    /// Bytes waiting to be sent to one connection.
    ///
    /// Past this its queue is dropped and it is resynchronised when it drains.
    public var maximumBufferedBytes = 4 * 1024 * 1024

    /// Messages of at least so many bytes are compressed (permessage-deflate) for clients that offer it.
    ///
    /// 0 compresses none, and takes no compressed ones.
    public var compressionThresholdBytes = 1024

    /// The bytes of one document's content.
    public var maximumDocumentBytes = 64 * 1024 * 1024

    /// Messages a second and connection, sustained; bursts of ten times as many pass.
    ///
    /// 0 is no limit.
    public var messagesPerSecond = 50

    /// Bytes a second and connection, sustained; bursts of ten times as many pass.
    ///
    /// 0 is no limit.
    public var bytesPerSecond = 1024 * 1024

    /// New connections a second from one address; twice as many pass at once.
    ///
    /// 0 is no limit.
    public var connectionsPerSecondPerAddress = 20

    /// Connections of one address at a time; of one /64 in IPv6.
    ///
    /// 0 is no limit.
    public var connectionsPerAddress = 1000

    /// Requests that may wait for one document while it is being loaded.
    ///
    /// Beyond it they are refused with `BUSY`.
    public var maximumWaitingRequests = 4096

    /// Edits of one `edit` event.
    ///
    /// Each can be a change of its own to the text, so the work is bounded by their number.
    public var maximumEditsPerRequest = 1000

    /// How long a room without participants stays in memory, in seconds: long enough to outlast a reload of the page.
    public var idleUnloadSeconds = 30

    /// How long nothing must be written to a document until a version of it is kept, in seconds.
    ///
    /// 0 keeps none but those that people name.
    public var versionQuietSeconds = 300

    /// How long people may write to a document until a version of it is kept all the same, in seconds.
    public var versionIntervalSeconds = 1800

    /// After how many revisions a document is saved as a whole.
    public var snapshotRevisions = 1_000

    /// How long after something was written a document is saved as a whole at the latest, in seconds.
    public var snapshotSeconds = 120

    /// How many revisions the log keeps behind the snapshots, at least.
    public var retainedRevisions = 1_000

    /// How long a graceful shutdown may take before what is left is cut off, in seconds.
    public var shutdownSeconds = 10

    /// The defaults.
    public init() {}

    /// The same, without the limits on rates: for benchmarks and tests on one's own machine.
    public static var unmetered: ServerLimits {
        var limits = ServerLimits()
        limits.messagesPerSecond = 0
        limits.bytesPerSecond = 0
        limits.connectionsPerSecondPerAddress = 0
        limits.connectionsPerAddress = 0
        return limits
    }
}
