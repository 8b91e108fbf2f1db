// Texts by their container number; offsets and counts are in UTF-16 code units.

// Typing comes one unit a call, as an argument, and deletions have no text: neither touches the input.

@_expose(wasm, "textInsertUnit")
@_cdecl("quire_text_insert_unit")
@_optimize(speed)
func textInsertUnit(_ handle: Int32, _ text: Int32, _ offset: Int32, _ unit: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        guard let unit = UInt16(exactly: unit) else { throw .badArgument }
        let units = InlineArray<1, UInt16>(repeating: unit)
        return try open.insert(units.span, at: offset, in: text)
    }
}

@_expose(wasm, "textInsert")
@_cdecl("quire_text_insert")
func textInsert(_ handle: Int32, _ text: Int32, _ offset: Int32, _ count: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        let result = try input.withUnits(count) { (units) throws(WebError) in
            try open.insert(units, at: offset, in: text)
        }
        guard let result else { throw .badArgument }
        return result
    }
}

@_expose(wasm, "textDelete")
@_cdecl("quire_text_delete")
@_optimize(speed)
func textDelete(_ handle: Int32, _ text: Int32, _ offset: Int32, _ deleteCount: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in try open.delete(deleteCount, at: offset, in: text) }
}

@_expose(wasm, "textSplice")
@_cdecl("quire_text_splice")
func textSplice(_ handle: Int32, _ text: Int32, _ offset: Int32, _ deleteCount: Int32, _ count: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        guard let units = input.units(Int(count)) else { throw .badArgument }
        return try open.splice(text, offset, deleteCount, units)
    }
}

extension OpenDocument {
    @_optimize(speed)
    @inline(__always)
    fileprivate mutating func insert(_ units: Span<UInt16>, at offset: Int32, in text: Int32) throws(WebError) -> Int32
    {
        guard let handle = handle(text) else { return try insertFirst(units, at: offset, in: text) }
        do throws(EditError) {
            // The other way asks for a transaction last.
            if document.isInTransaction {
                try document.insert(units, at: Int(offset), in: handle)
            } else {
                try document.insert(units, at: Int(offset), in: handle, to: &outbox)
            }
        } catch {
            throw WebError(error)
        }
        return 0
    }

    @_optimize(speed)
    @_transparent
    fileprivate mutating func delete(_ count: Int32, at offset: Int32, in text: Int32) throws(WebError) -> Int32 {
        let (end, overflow) = offset.addingReportingOverflow(count)
        guard !overflow, offset >= 0, count >= 0, let handle = handle(text)
        else { return try splice(text, offset, count, []) }
        do throws(EditError) {
            if document.isInTransaction {
                try document.delete(Int(offset)..<Int(end), in: handle)
            } else {
                try document.delete(Int(offset)..<Int(end), in: handle, to: &outbox)
            }
        } catch {
            throw WebError(error)
        }
        return 0
    }

    @inline(never)
    private mutating func insertFirst(_ units: Span<UInt16>, at offset: Int32, in text: Int32) throws(WebError) -> Int32
    {
        var copy: [UInt16] = []
        for index in units.indices { copy.append(units[index]) }
        return try splice(text, offset, 0, copy)
    }

    fileprivate mutating func splice(
        _ text: Int32,
        _ offset: Int32,
        _ deleteCount: Int32,
        _ units: [UInt16]
    ) throws(WebError) -> Int32 {
        let text = try self.text(text)
        try perform(
            .text(TextEdit(text: text, utf16Offset: Int(offset), deleteCount: Int(deleteCount), insert: units))
        )
        return 0
    }
}

@_expose(wasm, "textCount")
@_cdecl("quire_text_count")
func textCount(_ handle: Int32, _ text: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in Int32(open.document.utf16Count(of: try open.text(text))) }
}

@_expose(wasm, "textRead")
@_cdecl("quire_text_read")
func textRead(_ handle: Int32, _ text: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        output.removeAll()
        output.append(open.document.text(of: try open.text(text)))
        return Int32(output.count / 2)
    }
}

// MARK: Anchors

@_expose(wasm, "anchor")
@_cdecl("quire_anchor")
func anchor(_ handle: Int32, _ text: Int32, _ offset: Int32, _ side: UInt32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        guard side <= 1 else { throw .badArgument }
        let anchor = open.document.anchor(at: Int(offset), side: side == 0 ? .left : .right, in: try open.text(text))
        return answer(anchor.encoded)
    }
}

@_expose(wasm, "anchorOffset")
@_cdecl("quire_anchor_offset")
func anchorOffset(_ handle: Int32, _ text: Int32, _ count: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        guard let bytes = input.bytes(Int(count)) else { throw .badArgument }
        let anchor: Anchor
        do throws(FormatError) {
            anchor = try Anchor(decoding: bytes)
        } catch {
            throw WebError(error)
        }
        guard let offset = open.document.utf16Offset(of: anchor, in: try open.text(text)) else {
            throw WebError(ChangeError.unknownOrigin)
        }
        return Int32(offset)
    }
}
