public import SocketIOProtocol

/// MessagePack (<https://github.com/msgpack/msgpack/blob/master/spec.md>) to JSON values with bytes, and back.
///
/// What has no place in JSON becomes what the JavaScript library of the Redis adapter, notepack.io, and then JSON make of it:
/// its extension for `undefined` null, a timestamp its ISO 8601 text, any other extension `[type, bytes]`.
public enum MessagePack {
    /// Decodes one value.
    ///
    /// Any input gives a value or an error. Of repeated keys the last wins; keys that are numbers or truth values become
    /// their text, as in JavaScript. A number that does not fit `Int` becomes a `Double`.
    ///
    /// - Complexity: O(*n*) in time; memory is bounded by the limits and by the input, never by what a length announces.
    public static func decode(
        _ bytes: some Sequence<UInt8>,
        limits: JSON.Limits = .default
    ) throws(MessagePackError) -> JSON {
        var reader = MessagePackReader(bytes: Array(bytes), limits: limits)
        let value = try reader.value(depth: 0)
        guard reader.isAtEnd else { throw .trailingBytes }
        return value
    }

    /// Encodes a value, each part in its shortest form.
    ///
    /// Half a surrogate pair becomes U+FFFD.
    ///
    /// - Complexity: O(*n*). Recurses as deep as the value is nested.
    public static func encode(_ value: JSON) -> [UInt8] {
        var writer = MessagePackWriter()
        writer.write(value)
        return writer.bytes
    }
}
