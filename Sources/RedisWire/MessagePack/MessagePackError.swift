/// Why bytes are not the MessagePack that was asked for.
public enum MessagePackError: String, Error, Hashable, Sendable, CaseIterable {
    /// The bytes end inside a value, or there are none.
    case unexpectedEnd
    /// Something follows the value.
    case trailingBytes
    /// The one byte that begins no value (0xC1).
    case unknownType
    /// A text that is not UTF-8.
    case illFormedUTF8
    /// A key of a map that is neither text nor number nor truth value.
    case unusableKey
    /// Nesting deeper than `maxDepth`.
    case tooDeep
    /// More values than `maxValues`.
    case tooManyValues
}
