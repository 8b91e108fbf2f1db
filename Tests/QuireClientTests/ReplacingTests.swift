import CRDT
import TestSupport
import Testing

@testable import QuireClient

/// What an application shows of a document: containers by name, filled and emptied by patches.
private struct Shown: Equatable {
    var texts: [TextID: [UInt16]] = [:]
    var lists: [ListID: [Value]] = [:]
    var maps: [MapID: [[UInt8]: Value]] = [:]

    init() {}

    /// A document as it is.
    init(_ document: borrowing Document) {
        for root in document.roots { add(root, of: document) }
    }

    private mutating func add(_ container: ContainerID, of document: borrowing Document) {
        switch container {
        case .text(let id): texts[id] = document.text(of: id)
        case .list(let id):
            let values = document.values(of: id)
            lists[id] = values
            for value in values { if case .container(let nested) = value { add(nested, of: document) } }
        case .map(let id):
            var entries: [[UInt8]: Value] = [:]
            for key in document.keys(of: id) { entries[key] = document.value(for: key, in: id) }
            maps[id] = entries
            for value in entries.values { if case .container(let nested) = value { add(nested, of: document) } }
        }
    }

    mutating func apply(_ patch: Patch) {
        switch patch {
        case .text(let patch):
            let end = patch.utf16Offset + patch.deleteCount
            texts[patch.text, default: []].replaceSubrange(patch.utf16Offset..<end, with: patch.insert)
        case .list(let patch):
            switch patch.action {
            case .splice(let index, let deleteCount, let insert):
                lists[patch.list, default: []].replaceSubrange(index..<(index + deleteCount), with: insert)
                for value in insert { appear(value) }
            case .move(let from, let to):
                var items = lists[patch.list] ?? []
                items.insert(items.remove(at: from), at: to)
                lists[patch.list] = items
            }
        case .map(let patch):
            maps[patch.map, default: [:]][patch.key] = patch.value
            if let value = patch.value { appear(value) }
        }
    }

    private mutating func appear(_ value: Value) {
        guard case .container(let container) = value else { return }
        switch container {
        case .text(let id): texts[id] = []
        case .list(let id): lists[id] = []
        case .map(let id): maps[id] = [:]
        }
    }

    /// What can be reached from the roots of `document`; empty containers as if they were none.
    func reached(in document: borrowing Document) -> Shown {
        let all = Shown(document)
        var shown = Shown()
        for id in all.texts.keys { shown.texts[id] = texts[id] ?? [] }
        for id in all.lists.keys { shown.lists[id] = lists[id] ?? [] }
        for id in all.maps.keys { shown.maps[id] = maps[id] ?? [:] }
        return shown
    }
}

@Suite("The patches between two documents")
struct ReplacingTests {
    @Test("They turn one into the other, nested containers too", arguments: UInt64(0)..<100)
    func replaces(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        var old = Document(replica: ReplicaID(1))
        var shared: [Change] = []
        for _ in 0..<6 {
            if let change = try Self.edit(&old, using: &generator) { shared.append(change) }
        }
        var new = Document(replica: ReplicaID(2))
        var ignored: [Patch] = []
        _ = try new.receive(shared, patches: &ignored)
        for _ in 0..<Int.random(in: 0...6, using: &generator) { _ = try Self.edit(&old, using: &generator) }
        for _ in 0..<Int.random(in: 0...6, using: &generator) { _ = try Self.edit(&new, using: &generator) }

        var shown = Shown(old)
        for patch in Patch.replacing(old, by: new) { shown.apply(patch) }
        #expect(shown.reached(in: new) == Shown(new))
        #expect(Patch.replacing(new, by: new).isEmpty)
    }

    /// One random edit of a list, a map, a text or something in them.
    private static func edit(_ document: inout Document, using generator: inout SplitMix64) throws -> Change? {
        var container: ContainerID =
            [.list(ListID("l")), .map(MapID("m")), .text("t")].randomElement(using: &generator) ?? .text("t")
        while Bool.random(using: &generator) {
            var nested: [ContainerID] = []
            switch container {
            case .text: break
            case .list(let id):
                for case .container(let some) in document.values(of: id) { nested.append(some) }
            case .map(let id):
                for key in document.keys(of: id) {
                    if case .container(let some) = document.value(for: key, in: id) { nested.append(some) }
                }
            }
            guard let next = nested.randomElement(using: &generator) else { break }
            container = next
        }
        let contents: [Content] = [
            .null, .string("s"), .text([0x61]), .list([.bool(true), .list([])]),
            .map([Content.Entry(key: [0x61], content: .text([0x62]))]),
        ]
        let content = contents.randomElement(using: &generator) ?? .null
        switch container {
        case .text(let id):
            let count = document.utf16Count(of: id)
            if count > 2, Bool.random(using: &generator) { return try document.delete(0..<2, in: id) }
            return try document.insert([0x78, 0x79], at: Int.random(in: 0...count, using: &generator), in: id)
        case .list(let id):
            let count = document.count(of: id)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0 where count > 0: return try document.delete(0..<1, in: id)
            case 1 where count > 1: return try document.move(from: 0, to: count - 1, in: id)
            default: return try document.insert([content], at: Int.random(in: 0...count, using: &generator), in: id)
            }
        case .map(let id):
            let key: [UInt8] = [UInt8.random(in: 0x61...0x63, using: &generator)]
            if Int.random(in: 0..<4, using: &generator) == 0 { return try document.unset(key, in: id) }
            return try document.set(content, for: key, in: id)
        }
    }
}
