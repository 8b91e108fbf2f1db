import Collaboration
import Foundation
import GRDB
import Testing

@testable import SQLiteStore

/// Logs that SQLite itself wrote, whole and spoilt.
@Suite("The write-ahead log before SQLite reads it")
struct WriteAheadLogTests {
    private static let frameByteCount = 24 + 4_096

    /// The log of a database with so many commits, of one to three frames each.
    private static func log(commits: Int) throws -> (folder: TemporaryDatabase, bytes: Data) {
        let folder = try TemporaryDatabase()
        let queue = try DatabaseQueue(path: folder.path)
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
            try database.execute(sql: "CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)")
            for number in 1..<commits {
                let bytes = Data(repeating: UInt8(number), count: number % 3 * 3_000)
                try database.execute(sql: "INSERT INTO t VALUES (?, ?)", arguments: [number, bytes])
            }
        }
        // Before the connection closes, which would empty it.
        let bytes = try Data(contentsOf: URL(filePath: folder.path + "-wal"))
        try queue.close()
        return (folder, bytes)
    }

    private static func judge(_ bytes: Data, in folder: TemporaryDatabase) throws -> WriteAheadLog.Verdict {
        let path = folder.path + ".judged"
        try bytes.write(to: URL(filePath: path))
        return try WriteAheadLog.judge(path: path)
    }

    /// Which frames end a commit, from 0.
    private static func ends(_ bytes: Data) -> [Int] {
        (0..<(bytes.count - 32) / frameByteCount).filter { frame in
            bytes[32 + frame * frameByteCount + 4..<32 + frame * frameByteCount + 8].contains { $0 != 0 }
        }
    }

    @Test("A log is whole with as many commits as were made, however much of an unfinished one follows")
    func whole() throws {
        let (folder, bytes) = try Self.log(commits: 12)
        let ends = Self.ends(bytes)
        #expect(ends.count == 12)
        #expect(try Self.judge(bytes, in: folder) == .whole(commits: 12))
        for length in stride(from: 32, to: bytes.count, by: 1_531) {
            let frames = (length - 32) / Self.frameByteCount
            let commits = ends.count { $0 < frames }
            #expect(try Self.judge(bytes[..<length], in: folder) == .whole(commits: commits), "cut at \(length)")
        }
    }

    @Test("Nothing is nothing: no file, an empty one, zeros")
    func empty() throws {
        let folder = try TemporaryDatabase()
        #expect(try WriteAheadLog.judge(path: folder.path + "-wal") == .empty)
        for count in [0, 1, 31, 32, 33, 100, 10_000] {
            #expect(try Self.judge(Data(count: count), in: folder) == .empty)
        }
    }

    @Test("A flipped bit anywhere is damage when a commit follows it, and a torn end when none does")
    func flipped() throws {
        let (folder, bytes) = try Self.log(commits: 10)
        let ends = Self.ends(bytes)
        for frame in 0...(ends.last ?? 0) {
            for offset in [0, 3, 8, 15, 16, 23, 24, 2_000, Self.frameByteCount - 1] {
                var spoilt = bytes
                spoilt[32 + frame * Self.frameByteCount + offset] ^= 0x40
                let before = ends.count { $0 < frame }
                let verdict = try Self.judge(spoilt, in: folder)
                if before == ends.count - 1 {
                    // Of its salt, nothing says any more that the frame belonged to this log.
                    let expected: [WriteAheadLog.Verdict] = [.torn(afterCommits: before), .whole(commits: before)]
                    #expect(expected.contains(verdict), "frame \(frame), byte \(offset): \(verdict)")
                } else if before < ends.count - 2 {
                    guard case .damaged(before, _) = verdict else {
                        Issue.record("frame \(frame), byte \(offset): \(verdict)")
                        continue
                    }
                } else {
                    #expect(verdict != .whole(commits: ends.count), "frame \(frame), byte \(offset)")
                }
            }
        }
    }

    @Test("A flipped bit in the header is damage when there are frames", arguments: [0, 4, 9, 16, 23, 24, 31])
    func flippedHeader(offset: Int) throws {
        let (folder, bytes) = try Self.log(commits: 3)
        var spoilt = bytes
        spoilt[offset] ^= 0x08
        #expect(try Self.judge(spoilt, in: folder) == .damaged(afterCommits: 0, lostAtLeast: 1))
    }

    @Test("Frames of the log before this one are not missed")
    func olderFrames() throws {
        let (folder, bytes) = try Self.log(commits: 6)
        let (_, older) = try Self.log(commits: 12)
        #expect(try Self.judge(bytes + older[bytes.count...], in: folder) == .whole(commits: 6))
    }

    @Test("Written again, a log has the same bytes, but for what is cut off behind its last commit")
    func renewed() throws {
        let (folder, bytes) = try Self.log(commits: 8)
        let path = folder.path + ".renewed"
        try (bytes + Data(repeating: 7, count: 9_999)).write(to: URL(filePath: path))
        try WriteAheadLog.renew(path: path, frames: (bytes.count - 32) / Self.frameByteCount)
        #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
        try WriteAheadLog.renew(path: path)
        #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
        try WriteAheadLog.renew(path: path, frames: 0)
        #expect(try Data(contentsOf: URL(filePath: path)) == bytes[..<32])
        try WriteAheadLog.renew(path: folder.path + ".none")
    }
}
