internal import GRDB

/// Checksums of rows that SQL statements and triggers write, as `Checksum` makes them.
extension Checksum {
    /// `quire_checksum(a, b, ...)`: of texts and numbers in their order; NULL counts as -1.
    static let function = DatabaseFunction("quire_checksum", argumentCount: nil, pure: true) { values in
        var checksum = Checksum()
        for value in values {
            switch value.storage {
            case .string(let text): checksum.add(text)
            case .int64(let number): checksum.add(number)
            case .null: checksum.add(-1)
            case .blob, .double: throw DatabaseError(resultCode: .SQLITE_MISMATCH, message: "no text and no number")
            }
        }
        return Int64(checksum.value)
    }

    /// What a row of one of those tables must have, and where such a row is.
    ///
    /// Its columns but the last, which is the checksum, in the order in which they count.
    enum Table: String, CaseIterable {
        case events = "webhook_events"
        case announced = "webhook_announced"
        case deleted

        /// What counts.
        var columns: String {
            switch self {
            case .events: "type, document, epoch, revision, detail, time"
            case .announced: "document, epoch, revision"
            case .deleted: "name, epoch, time"
            }
        }

        /// The condition that a row is what was written.
        var isIntact: String { "checksum IS quire_checksum(\(columns))" }

        /// Writes the row that a `SELECT` gives, with its checksum.
        func insert(_ select: String, replaces: Bool = false) -> String {
            """
            INSERT \(replaces ? "OR REPLACE " : "")INTO \(rawValue) (\(columns), checksum)
                SELECT \(columns), quire_checksum(\(columns)) FROM (\(select))
            """
        }
    }
}
