// Documents, their versions and snapshots.

@_expose(wasm, "documentCreate")
@_cdecl("quire_document_create")
func documentCreate(_ low: UInt32, _ high: UInt32) -> Int32 {
    keep(OpenDocument(Document(replica: replica(low, high))))
}

@_expose(wasm, "documentLoad")
@_cdecl("quire_document_load")
func documentLoad(_ count: Int32, _ low: UInt32, _ high: UInt32) -> Int32 {
    guard let bytes = input.bytes(Int(count)) else { return WebError.badArgument.result }
    do throws(FormatError) {
        return keep(OpenDocument(try Document(snapshot: bytes, replica: replica(low, high))))
    } catch {
        return WebError(error).result
    }
}

@_expose(wasm, "documentFree")
@_cdecl("quire_document_free")
func documentFree(_ handle: Int32) -> Int32 {
    documents.remove(handle) ? 0 : WebError.badHandle.result
}

private func keep(_ document: consuming OpenDocument) -> Int32 {
    documents.insert(document) ?? WebError.tooManyDocuments.result
}

private func replica(_ low: UInt32, _ high: UInt32) -> ReplicaID {
    ReplicaID(UInt64(high) << 32 | UInt64(low))
}

// MARK: State

@_expose(wasm, "snapshot")
@_cdecl("quire_snapshot")
func snapshot(_ handle: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        guard !open.document.isInTransaction else { throw WebError(ChangeError.transactionOpen) }
        return answer(open.document.snapshot())
    }
}

@_expose(wasm, "version")
@_cdecl("quire_version")
func version(_ handle: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in answer(open.document.version.encoded) }
}

@_expose(wasm, "missing")
@_cdecl("quire_missing")
func missing(_ handle: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in answer(open.document.missing.encoded) }
}

// MARK: Transactions

@_expose(wasm, "begin")
@_cdecl("quire_begin")
func begin(_ handle: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        guard !open.document.isInTransaction else { throw WebError(ChangeError.transactionOpen) }
        open.document.begin()
        return 0
    }
}

@_expose(wasm, "commit")
@_cdecl("quire_commit")
func commit(_ handle: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        guard open.document.isInTransaction else { throw .noTransaction }
        if let change = open.document.commit() { open.outbox.append(change) }
        return 0
    }
}

// MARK: Undo

@_expose(wasm, "setUndoLimit")
@_cdecl("quire_set_undo_limit")
func setUndoLimit(_ handle: Int32, _ limit: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        guard limit >= 0 else { throw .badArgument }
        guard !open.document.isInTransaction else { throw WebError(ChangeError.transactionOpen) }
        open.document.undoLimit = Int(limit)
        return 0
    }
}

@_expose(wasm, "closeUndoStep")
@_cdecl("quire_close_undo_step")
func closeUndoStep(_ handle: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        guard !open.document.isInTransaction else { throw WebError(ChangeError.transactionOpen) }
        open.document.closeUndoStep()
        return 0
    }
}

@_expose(wasm, "undoState")
@_cdecl("quire_undo_state")
func undoState(_ handle: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        (open.document.canUndo ? 1 : 0) | (open.document.canRedo ? 2 : 0)
    }
}

@_expose(wasm, "undo")
@_cdecl("quire_undo")
func undo(_ handle: Int32, _ isRedo: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        guard !open.document.isInTransaction else { throw WebError(ChangeError.transactionOpen) }
        open.patches.removeAll()
        do throws(EditError) {
            let change =
                isRedo == 0
                ? try open.document.undo(patches: &open.patches) : try open.document.redo(patches: &open.patches)
            if let change { open.outbox.append(change) }
        } catch {
            throw WebError(error)
        }
        return answerPatches(&open)
    }
}

// MARK: Changes

@_expose(wasm, "takeChanges")
@_cdecl("quire_take_changes")
func takeChanges(_ handle: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        output.removeAll()
        if open.outbox.count == 0 { return 0 }
        open.outbox.withChangeSet { output.append($0) }
        open.outbox.removeAll()
        return Int32(output.count)
    }
}

@_expose(wasm, "receive")
@_cdecl("quire_receive")
func receive(_ handle: Int32, _ count: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        output.removeAll()
        open.patches.removeAll()
        let refusal: WebError?
        do throws(ChangeError) {
            let waiting = try input.withBytes(count) { (bytes) throws(ChangeError) in
                try open.document.receive(bytes, patches: &open.patches).waiting
            }
            refusal = waiting == nil ? .badArgument : nil
        } catch {
            refusal = WebError(error)
        }
        // Of a set of which some was refused, the rest was applied and has patches.
        answerPatches(&open)
        if let refusal { throw refusal }
        return Int32(open.patches.count)
    }
}

/// Puts what the document's buffer of patches has into the output and returns how many they are.
@discardableResult
func answerPatches(_ open: inout OpenDocument) -> Int32 {
    output.removeAll()
    for index in 0..<open.patches.count { output.append(open.patches[index], &open) }
    return Int32(open.patches.count)
}

/// Puts bytes into the output and returns how many they are.
func answer(_ bytes: [UInt8]) -> Int32 {
    output.removeAll()
    output.append(bytes)
    return Int32(output.count)
}
