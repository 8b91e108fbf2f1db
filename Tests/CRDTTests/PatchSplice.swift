import CRDT

extension Patch {
    /// A patch of a text.
    static func splice(
        _ text: TextID,
        utf16Offset: Int,
        deleteCount: Int = 0,
        insert: [UInt16] = []
    ) -> Patch {
        .text(TextPatch(text: text, utf16Offset: utf16Offset, deleteCount: deleteCount, insert: insert))
    }

    /// What it did, when it is one of a text.
    var splice: TextPatch? {
        if case .text(let splice) = self { splice } else { nil }
    }
}
