import CRDT
public import FuzzKit

/// The decoders of the engine.
public enum FuzzCRDT {
    /// One target a format.
    ///
    /// A find is a trap, or what the `precondition`s here say. In a debug build the documents' invariants are checked too.
    public static let targets: [FuzzTarget] = [change, operations, changeSet, snapshot, history, version, anchor]

    /// A change is decoded, and applied to the document that it was made on before it was mutated.
    static let change = FuzzTarget(name: "change") { generator, input in
        let bytes = generator.below(8) == 0 ? input : Checksums.sealed(change: input)
        guard let change = try? Change(decoding: bytes) else {
            if generator.below(16) == 0 { Application.refuse(bytes, generator.below(Corpus.shared.snapshots.count)) }
            return
        }
        precondition(change.encoded == bytes, "A change keeps its bytes.")
        Application.apply([change], generator.below(Corpus.shared.snapshots.count))
    } corpus: {
        Corpus.shared.changes.map(\.encoded)
    }

    /// A change of operations of several changes, each of which may be mutated: whole enough to get far.
    static let operations = FuzzTarget(name: "operations") { generator, _ in
        let parts = Operations.shared.parts
        var change = parts[generator.below(parts.count)]
        for _ in 0..<generator.below(4) { change.append(parts[generator.below(parts.count)]) }
        for _ in 0..<generator.below(3) { change.mutate(&generator) }
        guard let change = try? Change(decoding: Checksums.sealed(change: change.body + [0])) else { return }
        Application.apply([change], generator.below(Corpus.shared.snapshots.count))
    } corpus: {
        []
    }

    /// A set is decoded, and its changes are received in some document's backlog.
    static let changeSet = FuzzTarget(name: "changeset") { generator, input in
        var limits = DecodingLimits.default
        limits.maximumChangeCount = 1000
        // Half of the inputs are whole sets in which one change was mutated and sealed again.
        let bytes = generator.below(2) == 0 ? input : mutatedSet(&generator)
        guard let changes = try? ChangeSet.decode(bytes, limits: limits) else { return }
        precondition(changes.count == 1 || ChangeSet.encode(changes) == bytes, "A set has one form.")
        Application.apply(changes, generator.below(Corpus.shared.snapshots.count))
    } corpus: {
        let changes = Corpus.shared.changes
        return [ChangeSet.encode([]), ChangeSet.encode(changes)]
            + stride(from: 0, to: changes.count - 5, by: 3).map {
                ChangeSet.encode(Array(changes[$0..<$0 + 1 + $0 % 5]))
            }
    }

    /// A snapshot is decoded; what comes of it can be edited, and written again as it was.
    static let snapshot = FuzzTarget(name: "snapshot") { generator, input in
        let bytes = generator.below(8) == 0 ? input : Checksums.sealed(input)
        let limits = DecodingLimits(maximumElementCount: 1 << 16)
        guard var document = try? Document(snapshot: bytes, replica: ReplicaID(77), limits: limits) else { return }
        Application.check(document)
        precondition(document.snapshot() == bytes, "A state has one form.")
        Application.use(&document, &generator)
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
    static let anchor = FuzzTarget(name: "anchor") { _, input in
        guard let anchor = try? Anchor(decoding: input) else { return }
        precondition(anchor.encoded == input, "An anchor has one form.")
        AnchorDocument.shared.find(anchor)
    } corpus: {
        let document = Application.document(Corpus.shared.changes.count, ReplicaID(9))
        return (0...document.utf16Count(of: "body")).flatMap { offset in
            [
                document.anchor(at: offset, side: .left, in: "body"),
                document.anchor(at: offset, side: .right, in: "body"),
            ]
            .map(\.encoded)
        }
    }

    private static func mutatedSet(_ generator: inout FuzzGenerator) -> [UInt8] {
        let all = Corpus.shared.changes
        let count = 2 + generator.below(8)
        let start = generator.below(all.count - count)
        var changes = all[start..<start + count].map(\.encoded)
        let index = generator.below(count)
        changes[index] = Checksums.sealed(change: generator.input(from: [changes[index]]))
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
}

/// The changes of the corpus that are of one operation, taken apart.
private struct Operations: Sendable {
    static let shared = Operations()
    let parts: [ChangeParts] = Corpus.shared.changes.compactMap { ChangeParts($0.encoded) }
}

/// One document for all anchors: looking one up changes nothing.
private final class AnchorDocument: Sendable {
    static let shared = AnchorDocument()
    private let document = Application.document(Corpus.shared.changes.count, ReplicaID(9))

    func find(_ anchor: Anchor) {
        for text: TextID in ["body", "title", "none"] {
            guard let offset = document.utf16Offset(of: anchor, in: text) else { continue }
            precondition(offset >= 0 && offset <= document.utf16Count(of: text), "An anchor is in its text.")
        }
    }
}
