/// One place where two sequences differ: this of the old one became that of the new one.
struct SequenceSplice: Equatable {
    var deleted: Range<Int>
    var inserted: Range<Int>

    var isEmpty: Bool { deleted.isEmpty && inserted.isEmpty }

    /// Where two sequences differ, in order and apart from one another.
    ///
    /// What they have in common at both ends is taken off first. When more than `maximumPartCount` elements of either are
    /// left, that is one splice: the standard library's comparison (Myers 1986) takes time and memory in their product.
    static func between<Element: Equatable>(
        _ old: [Element],
        _ new: [Element],
        maximumPartCount: Int
    ) -> [SequenceSplice] {
        let (prefix, suffix) = common(old, new)
        let (oldEnd, newEnd) = (old.count - suffix, new.count - suffix)
        let whole = SequenceSplice(deleted: prefix..<oldEnd, inserted: prefix..<newEnd)
        if whole.isEmpty { return [] }
        if whole.deleted.isEmpty || whole.inserted.isEmpty { return [whole] }
        guard max(whole.deleted.count, whole.inserted.count) <= maximumPartCount else { return [whole] }
        var removed: Set<Int> = []
        var added: Set<Int> = []
        for change in Array(new[whole.inserted]).difference(from: Array(old[whole.deleted])) {
            switch change {
            case .remove(let offset, _, _): removed.insert(prefix + offset)
            case .insert(let offset, _, _): added.insert(prefix + offset)
            }
        }
        return gather(whole, removed, added)
    }

    /// Puts neighbouring removals and insertions together.
    private static func gather(_ whole: SequenceSplice, _ removed: Set<Int>, _ added: Set<Int>) -> [SequenceSplice] {
        var splices: [SequenceSplice] = []
        var (from, to) = (whole.deleted.lowerBound, whole.inserted.lowerBound)
        while from < whole.deleted.upperBound || to < whole.inserted.upperBound {
            let (start, newStart) = (from, to)
            while removed.contains(from) { from += 1 }
            while added.contains(to) { to += 1 }
            if start != from || newStart != to {
                splices.append(SequenceSplice(deleted: start..<from, inserted: newStart..<to))
            } else {
                // Both have this one.
                from += 1
                to += 1
            }
        }
        return splices
    }

    /// How many elements two sequences have in common at their start, and of the others at their end.
    private static func common<Element: Equatable>(_ old: [Element], _ new: [Element]) -> (prefix: Int, suffix: Int) {
        let shorter = min(old.count, new.count)
        var prefix = 0
        while prefix < shorter, old[prefix] == new[prefix] { prefix += 1 }
        var suffix = 0
        while suffix < shorter - prefix, old[old.count - 1 - suffix] == new[new.count - 1 - suffix] { suffix += 1 }
        return (prefix, suffix)
    }
}

/// Where two texts differ, in UTF-16 code units, never within a surrogate pair.
enum TextDifference {
    /// The places, in order; by characters where few differ, else by lines.
    static func splices(from old: [UInt16], to new: [UInt16]) -> [SequenceSplice] {
        if old == new { return [] }
        let limit = ContentDifference.maximumPartCount
        let fine = splices(parts(of: old, by: characters), parts(of: new, by: characters))
        if fine.count != 1 || max(fine[0].deleted.count, fine[0].inserted.count) <= limit { return fine }
        return splices(parts(of: old, by: lines), parts(of: new, by: lines))
    }

    private static func splices(_ old: [Part], _ new: [Part]) -> [SequenceSplice] {
        SequenceSplice.between(
            old.map(\.units),
            new.map(\.units),
            maximumPartCount: ContentDifference.maximumPartCount
        )
        .map { measure($0, old, new) }
    }

    private struct Part {
        var offset: Int
        var units: ArraySlice<UInt16>
    }

    private static func parts(of text: [UInt16], by length: (ArraySlice<UInt16>) -> Int) -> [Part] {
        var parts: [Part] = []
        var offset = 0
        while offset < text.count {
            let count = length(text[offset...])
            parts.append(Part(offset: offset, units: text[offset..<(offset + count)]))
            offset += count
        }
        return parts
    }

    /// The engine keeps texts well-formed.
    private static func characters(_ rest: ArraySlice<UInt16>) -> Int {
        guard let first = rest.first, UTF16.isLeadSurrogate(first), rest.count > 1 else { return 1 }
        return 2
    }

    private static func lines(_ rest: ArraySlice<UInt16>) -> Int {
        guard let end = rest.firstIndex(of: 0x0A) else { return rest.count }
        return end + 1 - rest.startIndex
    }

    private static func measure(_ splice: SequenceSplice, _ old: [Part], _ new: [Part]) -> SequenceSplice {
        SequenceSplice(deleted: range(splice.deleted, old), inserted: range(splice.inserted, new))
    }

    private static func range(_ range: Range<Int>, _ parts: [Part]) -> Range<Int> {
        let end = parts.last.map { $0.offset + $0.units.count } ?? 0
        func offset(_ index: Int) -> Int { index < parts.count ? parts[index].offset : end }
        return offset(range.lowerBound)..<offset(range.upperBound)
    }
}
