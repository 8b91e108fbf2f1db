public import RedisCluster

/// The Redis over which several servers act as one, and how they speak there.
public struct RedisSettings: Sendable {
    /// Where it is, with the password.
    public var connection: RedisConfiguration

    /// What the names of all channels begin with; servers with different ones do not hear each other.
    public var prefix = "socket.io"

    /// The channel of Python's `socketio.RedisManager`; nil for not listening to it.
    public var pythonChannel: String?

    /// Redis at an address, with the names that the original implementation uses.
    public init(connection: RedisConfiguration) {
        self.connection = connection
    }

    /// Refuses what cannot work.
    func validate() throws(ConfigurationError) {
        guard !prefix.isEmpty, prefix.utf8.count <= 128 else {
            throw .invalid("--redis-prefix must have 1 to 128 bytes")
        }
        guard pythonChannel?.isEmpty != true else { throw .invalid("--redis-python-channel must not be empty") }
    }
}
