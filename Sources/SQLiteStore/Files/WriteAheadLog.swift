/// What SQLite's write-ahead log (`-wal`) holds, judged before SQLite itself reads it.
///
/// SQLite takes the log up to the first frame that is not right, and says nothing about what comes behind it: rightly so
/// after a power cut in the middle of a commit, but a byte that the disk lost would then silently take acknowledged changes
/// along. The two can be told apart, as each commit is synced before the next one begins (`synchronous = FULL`): when a
/// whole commit follows the one with the bad frame, that one was on disk.
///
/// Fed with the bytes of the file in order; see <https://www.sqlite.org/fileformat2.html#walformat>.
struct WriteAheadLog {
    /// What a log is.
    enum Verdict: Hashable, Sendable {
        /// It holds nothing that SQLite would read.
        case empty
        /// Every commit that was begun is whole, or was not finished.
        case whole(commits: Int)
        /// The last commit was written, but not all of it reached the disk: it was cut off, or its bytes decayed.
        case torn(afterCommits: Int)
        /// Commits that were on disk are behind bytes that are not what was written.
        case damaged(afterCommits: Int, lostAtLeast: Int)
    }

    static let headerByteCount = 32
    static let frameHeaderByteCount = 24

    private(set) var pageByteCount = 0
    private var isBigEndian = false
    private var salt: [UInt8] = []
    /// The running checksum, as of the frame before.
    private var sum: (UInt32, UInt32) = (0, 0)
    private var isHeaderGood = false
    private var hasHeader = false
    private var frames = 0
    private var commits = 0
    /// Whether a frame was not right; what comes after it, SQLite does not read.
    private var isBroken = false
    /// Whether the broken frame is where its commit ended.
    private var breakEndsCommit = false
    private var commitsAfterBreak = 0

    /// How many bytes a frame takes, once the header was read.
    var frameByteCount: Int { Self.frameHeaderByteCount + pageByteCount }

    /// What was read is.
    var verdict: Verdict {
        if !isHeaderGood { return frames == 0 ? .empty : .damaged(afterCommits: 0, lostAtLeast: 1) }
        guard isBroken else { return .whole(commits: commits) }
        let lost = breakEndsCommit ? commitsAfterBreak + 1 : commitsAfterBreak
        if lost >= 2 { return .damaged(afterCommits: commits, lostAtLeast: lost) }
        return lost == 1 ? .torn(afterCommits: commits) : .whole(commits: commits)
    }

    /// Takes the first 32 bytes.
    ///
    /// - Returns: false when nothing can be said of what follows, as the size of its pages is not known.
    mutating func readHeader(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == Self.headerByteCount else { return false }
        hasHeader = true
        let magic = Self.word(bytes, 0)
        pageByteCount = Int(Self.word(bytes, 8))
        isBigEndian = magic & 1 == 1
        salt = Array(bytes[16..<24])
        sum = Self.checksum(bytes[..<24], (0, 0), isBigEndian: isBigEndian)
        isHeaderGood =
            magic & ~1 == 0x377F_0682 && Self.word(bytes, 4) == 3_007_000
            && sum == (Self.word(bytes, 24), Self.word(bytes, 28))
        let isSize = (512...65_536).contains(pageByteCount) && pageByteCount & (pageByteCount - 1) == 0
        // A size that is none is the damage itself; the usual one lets us see whether frames follow.
        if !isSize { pageByteCount = 4_096 }
        return true
    }

    /// Takes one whole frame.
    mutating func readFrame(_ bytes: [UInt8]) {
        guard bytes.count == frameByteCount else { return }
        if !isHeaderGood {
            // Anything but zeros is a frame of some log.
            if bytes.contains(where: { $0 != 0 }) { frames += 1 }
            return
        }
        let stored = (Self.word(bytes, 16), Self.word(bytes, 20))
        let isOfThisLog = bytes[8..<16].elementsEqual(salt)
        let endsCommit = Self.word(bytes, 4) != 0
        var expected = Self.checksum(bytes[..<8], sum, isBigEndian: isBigEndian)
        expected = Self.checksum(bytes[Self.frameHeaderByteCount...], expected, isBigEndian: isBigEndian)
        let isGood = isOfThisLog && expected == stored && Self.word(bytes, 0) != 0
        if isBroken {
            // Right after what the frame before says of itself: written by the same hand, one after the other.
            if isGood, endsCommit { commitsAfterBreak += 1 }
        } else if isGood {
            frames += 1
            if endsCommit { commits += 1 }
        } else {
            isBroken = true
            breakEndsCommit = isOfThisLog && endsCommit
        }
        sum = stored
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// SQLite's checksum: two sums over pairs of words, in the byte order that the header names.
    private static func checksum(
        _ bytes: ArraySlice<UInt8>,
        _ start: (UInt32, UInt32),
        isBigEndian: Bool
    ) -> (UInt32, UInt32) {
        bytes.withUnsafeBytes { buffer in
            var (first, second) = start
            var offset = 0
            while offset + 8 <= buffer.count {
                let left = buffer.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                let right = buffer.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                first &+= (isBigEndian ? UInt32(bigEndian: left) : UInt32(littleEndian: left)) &+ second
                second &+= (isBigEndian ? UInt32(bigEndian: right) : UInt32(littleEndian: right)) &+ first
                offset += 8
            }
            return (first, second)
        }
    }
}
