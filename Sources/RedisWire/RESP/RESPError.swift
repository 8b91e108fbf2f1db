/// Why bytes are not RESP2; what follows them in the stream means nothing.
public enum RESPError: String, Error, Hashable, Sendable, CaseIterable {
    /// A value begins with a byte that stands for no type.
    case unknownType
    /// A status, a number or a length is longer than the limit, or has no end within it.
    case lineTooLong
    /// A line feed without the carriage return before it, or bytes without both behind them.
    case malformedLineEnd
    /// What should be a number is none, or does not fit.
    case malformedNumber
    /// A length below -1.
    case negativeLength
    /// Arrays nest deeper than the limit.
    case tooDeep
    /// A reply has more values than the limit.
    case tooManyValues
}
