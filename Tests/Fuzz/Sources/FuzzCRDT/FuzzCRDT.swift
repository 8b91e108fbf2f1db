import CRDT
public import FuzzKit

/// The decoders of the engine.
public enum FuzzCRDT {
    /// One target a format.
    ///
    /// A find is a trap, or what the `precondition`s here say.
    public static let targets: [FuzzTarget] = [change, changeSet, snapshot, version, anchor]

    /// A change is decoded, and applied to the document that it was made on before it was mutated.
    static let change = FuzzTarget(name: "change") { generator, input in
        let bytes = generator.below(8) == 0 ? input : withChangeChecksum(input)
        guard let change = try? Change(decoding: bytes) else { return }
        precondition(change.encoded == bytes, "A change keeps its bytes.")
        apply([change], generator.below(Corpus.shared.snapshots.count))
    } corpus: {
        Corpus.shared.changes.map(\.encoded)
    }

    /// A set is decoded, and its changes are received in some document's backlog.
    static let changeSet = FuzzTarget(name: "changeset") { generator, input in
        var limits = DecodingLimits.default
        limits.maximumChangeCount = 1000
        // Half of the inputs are whole sets in which one change was mutated and sealed again.
        let bytes = generator.below(2) == 0 ? input : mutatedSet(&generator)
        guard let changes = try? ChangeSet.decode(bytes, limits: limits) else { return }
        precondition(changes.count == 1 || ChangeSet.encode(changes) == bytes, "A set has one form.")
        apply(changes, generator.below(Corpus.shared.snapshots.count))
    } corpus: {
        let changes = Corpus.shared.changes
        return [ChangeSet.encode([]), ChangeSet.encode(changes)]
            + stride(from: 0, to: changes.count - 5, by: 3).map {
                ChangeSet.encode(Array(changes[$0..<$0 + 1 + $0 % 5]))
            }
    }

    /// A snapshot is decoded; what comes of it can be edited, and written again as it was.
    static let snapshot = FuzzTarget(name: "snapshot") { generator, input in
        var bytes = input
        if generator.below(8) != 0, bytes.count > 4 {
            let sum = crc32(bytes.dropLast(4))
            for index in 0..<4 {
                bytes[bytes.count - 4 + index] = UInt8(truncatingIfNeeded: sum >> (8 * UInt32(index)))
            }
        }
        let limits = DecodingLimits(maximumElementCount: 1 << 20)
        guard var document = try? Document(snapshot: bytes, replica: ReplicaID(77), limits: limits) else { return }
        precondition(document.snapshot() == bytes, "A state has one form.")
        use(&document, &generator)
    } corpus: {
        [Document(replica: ReplicaID(1)).snapshot()] + Corpus.shared.snapshots
    }

    /// A version is decoded and written again.
    static let version = FuzzTarget(name: "version") { _, input in
        guard let version = try? Version(decoding: input) else { return }
        precondition(version.encoded == input, "A version has one form.")
        var merged = version
        merged.merge(version)
        precondition(merged == version && version.covers(merged), "A version merged with itself is itself.")
    } corpus: {
        var versions = [Version()]
        for change in Corpus.shared.changes {
            var version = versions[versions.count - 1]
            version[change.replica] = change.sequence + 1
            version[ReplicaID(UInt64(versions.count) << 30)] = 5
            versions.append(version)
        }
        return versions.map(\.encoded)
    }

    /// An anchor is decoded and looked up in a document.
    static let anchor = FuzzTarget(name: "anchor") { generator, input in
        guard let anchor = try? Anchor(decoding: input) else { return }
        precondition(anchor.encoded == input, "An anchor has one form.")
        AnchorDocument.shared.find(anchor)
    } corpus: {
        let snapshots = Corpus.shared.snapshots
        guard let document = try? Document(snapshot: snapshots[snapshots.count - 1], replica: ReplicaID(9)) else {
            return []
        }
        return (0...document.utf16Count(of: "body")).flatMap { offset in
            [
                document.anchor(at: offset, side: .left, in: "body"),
                document.anchor(at: offset, side: .right, in: "body"),
            ]
            .map(\.encoded)
        }
    }

    // MARK: What is done with what was decoded

    private static func mutatedSet(_ generator: inout FuzzGenerator) -> [UInt8] {
        let all = Corpus.shared.changes
        let count = 2 + generator.below(8)
        let start = generator.below(all.count - count)
        var changes = all[start..<start + count].map(\.encoded)
        let index = generator.below(count)
        changes[index] = withChangeChecksum(generator.input(from: [changes[index]]))
        var bytes: [UInt8] = [0xC0, UInt8(count)]
        for change in changes where change.count < 0x4000 {
            if change.count < 0x80 {
                bytes.append(UInt8(change.count))
            } else {
                bytes += [UInt8(change.count & 0x7F | 0x80), UInt8(change.count >> 7)]
            }
            bytes += change
        }
        return bytes
    }

    /// Gives a change the checksum that its bytes ask for.
    private static func withChangeChecksum(_ input: [UInt8]) -> [UInt8] {
        guard input.count > 1 else { return input }
        let isShort = input.count <= 64
        let body = input.dropLast(isShort ? 1 : min(4, input.count - 1))
        if isShort { return body + [shortSum(body)] }
        let sum = crc32(body)
        return body + (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt32($0))) }
    }

    /// The one-byte sum of a short change, as `FORMAT.md` says.
    private static func shortSum(_ body: ArraySlice<UInt8>) -> UInt8 {
        let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
        var sum: UInt64 = 0
        for start in stride(from: body.startIndex, to: body.endIndex, by: 8) {
            let word = body[start..<min(start + 8, body.endIndex)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            sum = ((sum ^ sum >> 32) ^ word) &* factor
        }
        return UInt8(truncatingIfNeeded: (sum ^ sum >> 32 ^ UInt64(body.count)) &* factor >> 56)
    }

    private static func apply(_ changes: [Change], _ fallback: Int) {
        let corpus = Corpus.shared
        guard let first = changes.first else { return }
        // The document in which the change is the next one of its replica, if there is one.
        let index =
            corpus.changes.firstIndex { $0.replica == first.replica && $0.sequence == first.sequence } ?? fallback
        guard var document = try? Document(snapshot: corpus.snapshots[index], replica: ReplicaID(77)) else {
            preconditionFailure("The corpus is invalid.")
        }
        let before = document.snapshot()
        var texts = [document.text(of: "body"), document.text(of: "title")]
        var patches: [Patch] = []
        do {
            _ = try document.receive(changes, patches: &patches)
        } catch {
            precondition(changes.count > 1 || document.snapshot() == before, "A refused change changes nothing.")
        }
        for patch in patches where patch.root == "body" || patch.root == "title" {
            let range = patch.utf16Offset..<patch.utf16Offset + patch.deleteCount
            texts[patch.root == "body" ? 0 : 1].replaceSubrange(range, with: patch.insert)
        }
        precondition(document.text(of: "body") == texts[0], "The patches tell what happened.")
        precondition(document.text(of: "title") == texts[1], "The patches tell what happened.")
        let after = document.snapshot()
        guard let loaded = try? Document(snapshot: after, replica: ReplicaID(78)) else {
            preconditionFailure("A snapshot can be read.")
        }
        precondition(loaded.text(of: "body") == texts[0], "A snapshot has the text.")
    }

    private static func use(_ document: inout Document, _ generator: inout FuzzGenerator) {
        let root = document.roots.first ?? "body"
        var patches: [Patch] = []
        let count = document.utf16Count(of: root)
        let offset = generator.below(count + 1)
        _ = try? document.insert([97, 98], at: offset, in: root)
        _ = try? document.delete(0..<min(3, document.utf16Count(of: root)), in: root)
        _ = try? document.receive(Corpus.shared.changes, patches: &patches)
        precondition(document.text(of: root).count == document.utf16Count(of: root), "The count is the text's.")
    }
}

/// One document for all anchors: looking one up changes nothing.
private final class AnchorDocument: Sendable {
    static let shared = AnchorDocument()
    private let document: Document

    private init() {
        let snapshots = Corpus.shared.snapshots
        guard let document = try? Document(snapshot: snapshots[snapshots.count - 1], replica: ReplicaID(9)) else {
            preconditionFailure("The corpus is invalid.")
        }
        self.document = document
    }

    func find(_ anchor: Anchor) {
        for root: RootName in ["body", "title", "none"] {
            guard let offset = document.utf16Offset(of: anchor, in: root) else { continue }
            precondition(offset >= 0 && offset <= document.utf16Count(of: root), "An anchor is in its text.")
        }
    }
}
