import CZlib

/// Packing with zlib (RFC 1950), to tell what a blob takes where it is stored or sent compressed.
enum Deflate {
    /// The size that the bytes have once packed at level 6, which is zlib's default.
    static func packedCount(_ bytes: [UInt8]) -> Int {
        var output = [UInt8](repeating: 0, count: Int(compressBound(UInt(bytes.count))))
        var count = UInt(output.count)
        let status = compress2(&output, &count, bytes, UInt(bytes.count), 6)
        // The buffer is as large as zlib asked for: nothing else can go wrong than memory.
        precondition(status == Z_OK, "zlib ran out of memory")
        return Int(count)
    }
}
