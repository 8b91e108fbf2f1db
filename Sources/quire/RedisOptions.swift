import ArgumentParser
import QuireServer
import RedisCluster

/// Over which Redis several servers act as one.
struct RedisOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The Redis over which chat, rooms and notifications reach the clients of all servers; documents do not. A secret, "
                + "if it has a password: better in QUIRE_REDIS.",
            valueName: "redis[s]://[[user]:password@]host[:port][/db]"
        )
    )
    var redis: String?

    @Option(
        help: ArgumentHelp(
            "Certificates in PEM of the authorities to trust, in place of the system's, for rediss.",
            valueName: "file"
        )
    )
    var redisCa: String?

    @Option(help: "What the names of channels in Redis begin with. (default: socket.io)")
    var redisPrefix: String?

    @Option(
        help: ArgumentHelp(
            "Also take what Python's socketio.RedisManager publishes, on this channel (its default: socketio).",
            valueName: "channel"
        )
    )
    var redisPythonChannel: String?

    /// - Throws: when the address cannot be used.
    func read(from settings: inout SettingReader) throws -> RedisSettings? {
        let url = try settings.string("redis", flag: redis) { url in
            // Of what is no address, nobody knows what is secret.
            (try? RedisConfiguration(url: url).description) ?? "<secret>"
        }
        let authorities = try settings.string("redis-ca", flag: redisCa)
        let prefix = try settings.string("redis-prefix", flag: redisPrefix, default: "socket.io")
        let pythonChannel = try settings.string("redis-python-channel", flag: redisPythonChannel)
        guard let url else {
            guard authorities == nil, pythonChannel == nil else {
                throw ValidationError("redis-ca and redis-python-channel need redis")
            }
            return nil
        }
        do {
            var redis = RedisSettings(connection: try RedisConfiguration(url: url, authorities: authorities))
            redis.prefix = prefix ?? redis.prefix
            redis.pythonChannel = pythonChannel
            return redis
        } catch {
            throw ValidationError("\(error)")
        }
    }
}
