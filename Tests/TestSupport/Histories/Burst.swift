import CRDT

/// Work at one place of a text, edit after edit, as people do it: they type on, backspace, or delete forward.
struct Burst {
    private enum Habit {
        case typing, backspacing, deletingForward, jumping
    }

    let text: TextID
    var handle: TextHandle
    /// Where the next edit is.
    var caret: Int
    private var habit = Habit.typing

    var home: Mirror.Home { .init(.text, text.place) }

    init(text: TextID, handle: TextHandle, at caret: Int) {
        self.text = text
        self.handle = handle
        self.caret = caret
    }

    /// The next edit of a text that is `units` now; the caret goes along.
    mutating func next(in units: [UInt16], _ random: inout SplitMix64) -> TextEdit {
        if random.oneIn(6) { habit = Self.habit(&random) }
        caret = Self.aligned(min(caret, units.count), in: units)
        switch habit {
        case .typing: return typed(&random)
        case .backspacing where caret > 0:
            let start = Self.aligned(caret - 1, in: units)
            return erased(start..<caret)
        case .deletingForward where caret < units.count:
            let end = caret + 1 < units.count && Self.isLow(units[caret + 1]) ? caret + 2 : caret + 1
            return erased(caret..<end)
        case .backspacing, .deletingForward:
            habit = .typing
            return typed(&random)
        case .jumping:
            habit = Self.habit(&random)
            let end = min(units.count, caret + 8)
            caret = Self.aligned(
                random.oneIn(3) ? random.below(units.count + 1) : max(0, end - random.below(16)),
                in: units
            )
            if random.oneIn(2) { return typed(&random) }
            return erased(caret..<max(caret, Self.aligned(min(units.count, caret + random.below(9)), in: units)))
        }
    }

    private static func habit(_ random: inout SplitMix64) -> Habit {
        switch random.below(8) {
        case 0..<3: .typing
        case 3, 4: .backspacing
        case 5, 6: .deletingForward
        default: .jumping
        }
    }

    private mutating func typed(_ random: inout SplitMix64) -> TextEdit {
        var edit = TextEdit(text: text, utf16Offset: caret)
        switch random.below(32) {
        case 0: edit.insert = Array("é".utf16)
        case 1: edit.insert = Array("漢".utf16)
        case 2: edit.insert = Array("😀".utf16)
        case 3: edit.insert = (0..<random.below(random.oneIn(8) ? 90 : 12)).map { UInt16(97 + $0 % 26) }
        default: edit.insert = [UInt16(97 + random.below(26))]
        }
        caret += edit.insert.count
        return edit
    }

    private mutating func erased(_ range: Range<Int>) -> TextEdit {
        caret = range.lowerBound
        return TextEdit(text: text, utf16Offset: caret, deleteCount: range.count)
    }

    private static func isLow(_ unit: UInt16) -> Bool { unit & 0xFC00 == 0xDC00 }

    /// Not between the halves of a pair.
    private static func aligned(_ offset: Int, in units: [UInt16]) -> Int {
        offset > 0 && offset < units.count && isLow(units[offset]) ? offset - 1 : offset
    }
}
