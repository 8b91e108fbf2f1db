/// How many transactions the writer has committed, to notice that some are gone.
///
/// It is in the database (`PRAGMA user_version`, written with each transaction), and beside it, in the lock file, after each
/// transaction that is on disk. A write-ahead log that was cut off, deleted or spoilt in its last transaction leaves a database
/// that is sound and too old: only the second number tells.
struct CommitCount: Hashable, Sendable {
    /// 0 to 2^31 - 1; then it begins again.
    var number: Int32

    /// The one of the next transaction.
    var next: CommitCount { CommitCount(number: (number &+ 1) & .max) }

    /// How many transactions there were from `other` to this one; 0 when it is the later one.
    func behind(_ other: CommitCount) -> Int32 {
        let distance = (other.number &- number) & .max
        return distance < 1 << 30 ? distance : 0
    }

    static let recordByteCount = 20

    /// As the lock file holds it: a name, the number and a checksum.
    var record: [UInt8] {
        let body = Array("quire commits".utf8.prefix(12)) + Self.bytes(UInt32(bitPattern: number))
        return body + Self.bytes(Self.sum(body))
    }

    /// Reads it; `nil` when it is none.
    init?(record: [UInt8]) {
        guard record.count == Self.recordByteCount else { return nil }
        let number = record[12..<16].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        self.init(number: Int32(bitPattern: number))
        guard number <= UInt32(Int32.max), self.record == record else { return nil }
    }

    init(number: Int32) { self.number = number }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    private static func sum(_ body: [UInt8]) -> UInt32 {
        var checksum = Checksum()
        checksum.add(body)
        return checksum.value
    }
}
