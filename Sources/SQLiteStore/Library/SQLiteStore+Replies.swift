public import Collaboration
internal import Foundation
internal import GRDB

extension SQLiteStore {
    /// See `DocumentLibrary`.
    public func reply(named name: String, since: Int64) async throws(StoreError) -> StoredReply? {
        try await read { database in
            let row = try Row.fetchOne(
                database,
                sql: "SELECT fingerprint, status, headers, body, time FROM replies WHERE name = ? AND time >= ?",
                arguments: [name, since]
            )
            guard let row, let status = row.integer(1), let headers = row.text(2), let time = row.integer(4) else {
                return nil
            }
            return StoredReply(
                fingerprint: row.bytes(0),
                status: Int(clamping: status),
                headers: headers.split(separator: "\n").compactMap { line in
                    guard let colon = line.firstIndex(of: ":") else { return nil }
                    return ReplyHeader(name: String(line[..<colon]), value: String(line[line.index(after: colon)...]))
                },
                body: row.bytes(3),
                timestamp: time
            )
        }
    }

    /// See `DocumentLibrary`.
    public func keep(_ reply: StoredReply, named name: String, limits: ReplyLimits) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO replies (name, fingerprint, status, headers, body, time)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    name, Data(reply.fingerprint), reply.status,
                    reply.headers.map { "\($0.name):\($0.value)" }.joined(separator: "\n"), Data(reply.body),
                    reply.timestamp,
                ]
            )
            try database.execute(
                sql: """
                    DELETE FROM replies WHERE time < :oldest OR time <
                        (SELECT time FROM replies ORDER BY time DESC LIMIT 1 OFFSET :count)
                    """,
                arguments: ["oldest": reply.timestamp - limits.milliseconds, "count": max(0, limits.count - 1)]
            )
        }
    }
}
