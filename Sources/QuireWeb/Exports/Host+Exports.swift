// Memory, randomness and names of errors. `EXPORTS.md` says what each export takes and gives.

/// The most bytes of one input: what the engine's decoders accept at all.
private let maximumInputCount = 256 << 20

@_expose(wasm, "input")
@_cdecl("quire_input")
func makeInput(_ count: Int32) -> Int32 {
    guard count >= 0, count <= maximumInputCount else { return 0 }
    input.reset(count: Int(count))
    return input.address
}

@_expose(wasm, "outputAddress")
@_cdecl("quire_output_address")
func outputAddress() -> Int32 { output.address }

@_expose(wasm, "outputCount")
@_cdecl("quire_output_count")
func outputCount() -> Int32 { Int32(output.count) }

@_expose(wasm, "errorName")
@_cdecl("quire_error_name")
func errorName(_ number: Int32) -> Int32 {
    output.removeAll()
    guard let name = WebError.name(of: number) else { return WebError.badArgument.result }
    name.withUTF8Buffer { unsafe output.append([UInt8]($0)) }
    return Int32(output.count)
}

@_expose(wasm, "documentCount")
@_cdecl("quire_document_count")
func documentCount() -> Int32 { Int32(documents.count) }
