/// Why bytes are not the JSON that was asked for.
public enum JSONError: String, Error, Hashable, Sendable, CaseIterable {
    /// The text ends inside a value, or holds none.
    case unexpectedEnd
    /// A byte that no value can have here.
    case unexpectedByte
    /// Something other than white space follows the value.
    case trailingBytes
    /// A number that breaks the grammar: a leading zero or plus, a bare dot, an empty exponent.
    case malformedNumber
    /// A number whose magnitude no double can hold.
    case numberOutOfRange
    /// A number longer than `maxNumberLength`.
    case numberTooLong
    /// A backslash followed by none of `"\/bfnrtu`, or `\u` without four hex digits.
    case malformedEscape
    /// A control character (below U+0020) inside a string.
    case controlCharacter
    /// Bytes that are not UTF-8.
    case illFormedUTF8
    /// Nesting deeper than `maxDepth`.
    case tooDeep
    /// More values than `maxValues`.
    case tooManyValues
}
