internal import CZlib
internal import Collaboration

/// A snapshot as its row holds it: compressed when that saves something.
///
/// The row says how its bytes are encoded and how many they stand for, and its checksum covers all of it: what was stored,
/// not what it stands for. Inflating is bounded by that number, and the number by what so many bytes can hold at most.
struct PackedSnapshot: Hashable, Sendable {
    /// How the bytes of the row stand for the snapshot; the raw value is the column `encoding`.
    enum Encoding: Int64, Sendable {
        /// They are it.
        case plain = 0
        /// zlib (RFC 1950).
        case zlib = 1
    }

    /// Why a row whose checksum matches still gives no snapshot.
    enum Failure: Error {
        /// The column `encoding` holds what this version does not know.
        case unknownEncoding
        /// It says that it inflates to more than so many bytes can, or than a snapshot ever has.
        case excessiveLength
        /// It does not inflate, or to another length than it says.
        case malformed

        /// In words, for the quarantine.
        var reason: String {
            switch self {
            case .unknownEncoding: "the encoding is not known to this version"
            case .excessiveLength: "the length is more than the bytes can hold"
            case .malformed: "the bytes do not inflate to the length"
            }
        }
    }

    /// The most bytes a snapshot is inflated to.
    ///
    /// 1 GiB: sixteen times the content that a document may have.
    static let maximumByteCount: Int64 = 1 << 30

    /// Deflate makes at most 1032 bytes of one (RFC 1951: 258 bytes from two bits).
    private static let maximumRatio: Int64 = 1_032

    /// Snapshots from here on are compressed as fast as can be.
    ///
    /// The writer has other documents to write: zlib takes about 30 ms a MiB at its usual level and a third of that at
    /// its fastest.
    private static let fastFrom = 4 << 20

    var revision: Revision
    var encoding: Encoding
    /// How many bytes it stands for.
    var byteCount: Int64
    /// What the row holds.
    var bytes: [UInt8]

    init(revision: Revision, encoding: Encoding, byteCount: Int64, bytes: [UInt8]) {
        self.revision = revision
        self.encoding = encoding
        self.byteCount = byteCount
        self.bytes = bytes
    }

    /// Packs a snapshot.
    init(_ snapshot: StoredSnapshot) {
        let packed = Self.deflate(snapshot.bytes)
        self.init(
            revision: snapshot.revision,
            encoding: packed == nil ? .plain : .zlib,
            byteCount: Int64(snapshot.bytes.count),
            bytes: packed ?? snapshot.bytes
        )
    }

    /// What the row's checksum must be.
    ///
    /// That of a plain one is what it was before there were others.
    func checksum(_ id: DocumentID) -> Int64 {
        var checksum = Checksum()
        checksum.add(id.rawValue)
        checksum.add(revision.stored)
        checksum.add(bytes)
        if encoding != .plain {
            checksum.add(encoding.rawValue)
            checksum.add(byteCount)
        }
        return Int64(checksum.value)
    }

    /// The snapshot.
    func unpacked() throws(Failure) -> StoredSnapshot {
        switch encoding {
        case .plain:
            return StoredSnapshot(revision: revision, bytes: bytes)
        case .zlib:
            let bound = min(Self.maximumByteCount, Int64(bytes.count) * Self.maximumRatio)
            guard (0...bound).contains(byteCount) else { throw .excessiveLength }
            guard let inflated = Self.inflate(bytes, to: Int(byteCount)) else { throw .malformed }
            return StoredSnapshot(revision: revision, bytes: inflated)
        }
    }

    /// Compresses; `nil` when nothing is saved.
    private static func deflate(_ bytes: [UInt8]) -> [UInt8]? {
        if bytes.isEmpty { return nil }
        let level = bytes.count < fastFrom ? Z_DEFAULT_COMPRESSION : Z_BEST_SPEED
        var isSmaller = false
        let packed = [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, count in
            var length = uLong(bytes.count)
            // With no more room than it has already, what does not shrink fails.
            let status = compress2(buffer.baseAddress, &length, bytes, uLong(bytes.count), level)
            isSmaller = status == Z_OK && length < bytes.count
            count = isSmaller ? Int(length) : 0
        }
        return isSmaller ? packed : nil
    }

    /// Inflates to exactly `byteCount` bytes, and takes no room beyond.
    private static func inflate(_ bytes: [UInt8], to byteCount: Int) -> [UInt8]? {
        var isWhole = false
        let inflated = [UInt8](unsafeUninitializedCapacity: max(1, byteCount)) { buffer, count in
            var length = uLong(byteCount)
            var consumed = uLong(bytes.count)
            let status = uncompress2(buffer.baseAddress, &length, bytes, &consumed)
            isWhole = status == Z_OK && length == byteCount && consumed == bytes.count
            count = isWhole ? byteCount : 0
        }
        return isWhole ? inflated : nil
    }
}
