internal import Collaboration
internal import GRDB

extension StoreError {
    /// What a failure of the database means for the caller.
    ///
    /// Arguments (content) stay out of the message.
    init(_ error: any Error) {
        if let error = error as? StoreError {
            self = error
        } else if let error = error as? DatabaseError {
            let text = "SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "no message")"
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: self.init(.damaged, text)
            default: self.init(.ioFailure, text)
            }
        } else {
            self.init(.ioFailure, "\(type(of: error))")
        }
    }

    /// Whether the request was at fault, and not the database.
    var isRefusal: Bool {
        switch code {
        case .conflict, .tooMany, .notRetained, .unknownDocument: true
        case .damaged, .overloaded, .poisoned, .ioFailure, .inUse, .closed: false
        }
    }
}
