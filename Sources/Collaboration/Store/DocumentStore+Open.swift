extension DocumentStore {
    /// Loads a document, or creates it when there is none and the caller may.
    ///
    /// Safe when two callers create at once: the second gets what the first made.
    ///
    /// - Throws: `unknownDocument` when there is none and `mayCreate` is false; what `load` and `create` throw.
    public func open(_ id: DocumentID, mayCreate: Bool) async throws(StoreError) -> StoredDocument {
        if let stored = try await load(id) { return stored }
        guard mayCreate else { throw StoreError(.unknownDocument, "no document \(id)") }
        let epoch = Epoch.random()
        do {
            try await create(id, epoch: epoch)
            return StoredDocument(epoch: epoch)
        } catch  where error.code == .conflict {
            guard let stored = try await load(id) else { throw error }
            return stored
        }
    }
}
