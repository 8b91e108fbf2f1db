import CRDT

extension Document {
    /// Applies a change whose patches nobody wants.
    mutating func take(_ change: Change) throws(ChangeError) {
        var patches: [Patch] = []
        try integrate(change, patches: &patches)
    }
}
