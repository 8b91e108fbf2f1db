/// Which neighbour a position holds on to.
public enum Side: UInt8, Hashable, Sendable {
    /// The element on the left: text inserted at the position lands after it.
    case left = 0
    /// The element on the right: text inserted at the position lands before it.
    case right = 1
}

/// A position in a text that survives edits: cursors, the ends of selections, comments.
///
/// It holds on to an element, or to the start or the end of the text where there is none. When that element is deleted
/// the position stays where it was.
public struct Anchor: Hashable, Sendable {
    enum Place: Hashable, Sendable {
        case start
        case end
        case after(ElementID)
        case before(ElementID)
    }

    let place: Place

    init(_ place: Place) {
        self.place = place
    }

    /// The start of a text, whatever is inserted there.
    public static let start = Anchor(.start)
    /// The end of a text, whatever is inserted there.
    public static let end = Anchor(.end)
}
