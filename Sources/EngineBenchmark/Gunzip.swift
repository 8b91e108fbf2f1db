import CZlib

/// Unpacks gzip files (RFC 1952) with zlib, so that recorded sessions can stay packed.
enum Gunzip {
    /// Why a file cannot be unpacked.
    enum Failure: Error, Equatable {
        case truncated
        /// Not gzip, a wrong checksum, or codes that mean nothing.
        case malformed
        case tooLarge
    }

    /// Whether the bytes begin as a gzip file does.
    static func isGzip(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0x1F, 0x8B])
    }

    /// The content of a gzip file with one member, of at most `limit` bytes.
    static func unpack(_ bytes: [UInt8], limit: Int = 1 << 30) throws(Failure) -> [UInt8] {
        guard bytes.count <= limit else { throw .tooLarge }
        var input = bytes
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        var output: [UInt8] = []
        var status = Z_STREAM_ERROR
        input.withUnsafeMutableBufferPointer { input in
            var stream = z_stream()
            // 15 window bits, and 16 to say that the header is gzip's.
            status = quire_inflate_init(&stream, 15 + 16)
            guard status == Z_OK else { return }
            defer { inflateEnd(&stream) }
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            while status == Z_OK, output.count <= limit {
                let produced = chunk.withUnsafeMutableBufferPointer { chunk in
                    stream.next_out = chunk.baseAddress
                    stream.avail_out = UInt32(chunk.count)
                    status = inflate(&stream, Z_NO_FLUSH)
                    return chunk.count - Int(stream.avail_out)
                }
                output += chunk[..<produced]
            }
        }
        guard output.count <= limit else { throw .tooLarge }
        switch status {
        case Z_STREAM_END: return output
        case Z_BUF_ERROR: throw .truncated
        default: throw .malformed
        }
    }
}
