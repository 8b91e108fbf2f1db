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

extension DatabaseError {
    /// Whether the disk refuses to write, whatever is written.
    ///
    /// Somebody else's lock is of that kind as well: each document that was tried alone would wait for it again. A page that cannot be read is not of that kind: it concerns the documents that are on it.
    var isOfDisk: Bool {
        switch resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_FULL, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PROTOCOL,
            .SQLITE_NOLFS:
            true
        case .SQLITE_IOERR:
            switch extendedResultCode {
            case .SQLITE_IOERR_READ, .SQLITE_IOERR_SHORT_READ, .SQLITE_IOERR_NOMEM: false
            default: true
            }
        default:
            false
        }
    }
}
