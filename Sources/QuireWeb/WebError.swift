/// Why a call was refused, as a number for the host: an export returns it negated.
///
/// The numbers are part of the interface and stay; `EXPORTS.md` lists them.
struct WebError: Error, Equatable {
    let number: Int32

    /// What an export returns.
    var result: Int32 { -number }

    // MARK: Of the exports themselves

    static let badHandle = WebError(number: 1)
    static let badContainer = WebError(number: 2)
    static let badArgument = WebError(number: 3)
    static let tooManyDocuments = WebError(number: 4)
    static let noTransaction = WebError(number: 5)

    init(number: Int32) {
        self.number = number
    }

    init(_ error: FormatError) {
        let number: Int32 =
            switch error {
            case .truncated: 10
            case .badMagic: 11
            case .unsupportedVersion: 12
            case .badChecksum: 13
            case .illFormedUTF8: 14
            case .illFormedUTF16: 15
            case .overflow: 16
            case .limitExceeded: 17
            case .trailingBytes: 18
            case .unknownOperation: 19
            case .invalid: 20
            }
        self.init(number: number)
    }

    init(_ error: ChangeError) {
        switch error {
        case .format(let error): self.init(error)
        case .notReady: self.init(number: 40)
        case .duplicate: self.init(number: 41)
        case .unknownOrigin: self.init(number: 42)
        case .unknownElement: self.init(number: 43)
        case .splitsSurrogatePair: self.init(number: 44)
        case .backlogFull: self.init(number: 45)
        case .documentTooLarge: self.init(number: 46)
        case .tooManyRoots: self.init(number: 47)
        case .lamportTooLarge: self.init(number: 48)
        case .lamportTooSmall: self.init(number: 49)
        case .unknownContainer: self.init(number: 50)
        case .wrongKind: self.init(number: 51)
        case .nestingTooDeep: self.init(number: 52)
        case .contentMismatch: self.init(number: 53)
        case .transactionOpen: self.init(number: 54)
        }
    }

    init(_ error: EditError) {
        let number: Int32 =
            switch error {
            case .outOfBounds: 70
            case .splitsSurrogatePair: 44
            case .illFormedText: 71
            case .tooLarge: 72
            case .unknownContainer: 50
            case .invalidValue: 73
            case .nestingTooDeep: 52
            }
        self.init(number: number)
    }

    /// The name of a number, the same as the engine's own; `nil` for a number that is none.
    static func name(of number: Int32) -> StaticString? {
        switch number {
        case 1: "BAD_HANDLE"
        case 2: "BAD_CONTAINER"
        case 3: "BAD_ARGUMENT"
        case 4: "TOO_MANY_DOCUMENTS"
        case 5: "NO_TRANSACTION"
        case 10: "TRUNCATED"
        case 11: "BAD_MAGIC"
        case 12: "UNSUPPORTED_VERSION"
        case 13: "BAD_CHECKSUM"
        case 14: "ILL_FORMED_UTF8"
        case 15: "ILL_FORMED_UTF16"
        case 16: "OVERFLOW"
        case 17: "LIMIT_EXCEEDED"
        case 18: "TRAILING_BYTES"
        case 19: "UNKNOWN_OPERATION"
        case 20: "INVALID"
        case 40: "NOT_READY"
        case 41: "DUPLICATE"
        case 42: "UNKNOWN_ORIGIN"
        case 43: "UNKNOWN_ELEMENT"
        case 44: "SPLITS_SURROGATE_PAIR"
        case 45: "BACKLOG_FULL"
        case 46: "DOCUMENT_TOO_LARGE"
        case 47: "TOO_MANY_ROOTS"
        case 48: "LAMPORT_TOO_LARGE"
        case 49: "LAMPORT_TOO_SMALL"
        case 50: "UNKNOWN_CONTAINER"
        case 51: "WRONG_KIND"
        case 52: "NESTING_TOO_DEEP"
        case 53: "CONTENT_MISMATCH"
        case 54: "TRANSACTION_OPEN"
        case 70: "OUT_OF_BOUNDS"
        case 71: "ILL_FORMED_TEXT"
        case 72: "TOO_LARGE"
        case 73: "INVALID_VALUE"
        default: nil
        }
    }
}
