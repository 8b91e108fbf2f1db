public import Collaboration
internal import Foundation
internal import GRDB

extension SQLiteStore {
    /// See `DocumentLibrary`.
    ///
    /// - Throws: `damaged` when the row is not what was written: neither may another answer be given, nor the request be
    ///   done once more.
    public func reply(named name: String, since: Int64) async throws(StoreError) -> StoredReply? {
        try await read { try StoredReply.fetch(name, since: since, in: $0) }
    }

    /// See `DocumentLibrary`.
    public func keep(_ reply: StoredReply, named name: String, limits: ReplyLimits) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO replies (name, fingerprint, status, headers, body, time, checksum)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    name, Data(reply.fingerprint), reply.status, reply.joinedHeaders, Data(reply.body), reply.timestamp,
                    reply.checksum(name),
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

extension StoredReply {
    /// An answer that was given at `since` or later; `nil` when there is none of the name.
    ///
    /// - Throws: `damaged`.
    static func fetch(_ name: String, since: Int64, in database: Database) throws -> StoredReply? {
        let row = try Row.fetchOne(
            database,
            sql:
                "SELECT fingerprint, status, headers, body, time, checksum FROM replies WHERE name = ? AND time >= ?",
            arguments: [name, since]
        )
        guard let row else { return nil }
        let damaged = StoreError(.damaged, "a kept answer is damaged")
        guard let status = row.integer(1), let headers = row.text(2), let time = row.integer(4) else {
            throw damaged
        }
        let reply = StoredReply(
            fingerprint: row.bytes(0),
            status: Int(clamping: status),
            headers: headers.split(separator: "\n").compactMap { line in
                guard let colon = line.firstIndex(of: ":") else { return nil }
                return ReplyHeader(name: String(line[..<colon]), value: String(line[line.index(after: colon)...]))
            },
            body: row.bytes(3),
            timestamp: time
        )
        guard !row.hasValue(5) || row.integer(5) == reply.checksum(name) else { throw damaged }
        return reply
    }

    /// The headers as the row holds them.
    fileprivate var joinedHeaders: String { headers.map { "\($0.name):\($0.value)" }.joined(separator: "\n") }

    /// What the row's checksum must be.
    fileprivate func checksum(_ name: String) -> Int64 {
        var checksum = Checksum()
        checksum.add(name)
        checksum.add(fingerprint)
        checksum.add(Int64(status))
        checksum.add(joinedHeaders)
        checksum.add(body)
        checksum.add(timestamp)
        return Int64(checksum.value)
    }
}
