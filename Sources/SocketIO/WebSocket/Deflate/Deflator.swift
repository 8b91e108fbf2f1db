import CZlib

/// The sending half of permessage-deflate (RFC 7692 section 7.2.1).
///
/// Confined to its connection's event loop. Without context takeover the zlib state (up to 256 KiB) lives only as long
/// as a message.
final class Deflator {
    private let windowBits: Int32
    private let keepsContext: Bool
    private var stream: ZStream?

    /// - Parameters:
    ///   - windowBits: the server's negotiated window, 8 to 15.
    ///   - keepsContext: whether a message may refer to the ones before it.
    init(windowBits: Int, keepsContext: Bool) {
        // zlib refuses raw deflate with 8. With 9 its matches reach back no further than 512 - 262 (MIN_LOOKAHEAD) bytes,
        // which a window of 256 holds.
        self.windowBits = Int32(max(9, windowBits))
        self.keepsContext = keepsContext
    }

    /// The payload of a compressed message; nil when zlib has no memory.
    ///
    /// - Complexity: O(*n*) in the length of the message.
    func deflate(_ input: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let stream = self.open() else { return nil }
        defer { if !self.keepsContext { self.release() } }
        var output: [UInt8] = []
        output.reserveCapacity(input.count / 2 + 16)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(input.count)
        let isDone = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16_384) { chunk in
            repeat {
                stream.pointee.next_out = chunk.baseAddress
                stream.pointee.avail_out = UInt32(chunk.count)
                let status = CZlib.deflate(stream, Z_SYNC_FLUSH)
                guard status == Z_OK || status == Z_BUF_ERROR else { return false }
                output.append(contentsOf: chunk[..<(chunk.count - Int(stream.pointee.avail_out))])
            } while stream.pointee.avail_out == 0
            return true
        }
        guard isDone else {
            self.release()
            return nil
        }
        // Nothing is written for nothing once the stream is flushed; section 7.2.3.6 wants an empty block's first byte.
        guard output.count > 4 else { return [0] }
        output.removeLast(4)
        return output
    }

    private func open() -> UnsafeMutablePointer<z_stream>? {
        let windowBits = self.windowBits
        self.stream =
            self.stream
            ?? ZStream(
                begin: { quire_deflate_init($0, Z_DEFAULT_COMPRESSION, -windowBits, 8) },
                end: { _ = deflateEnd($0) }
            )
        return self.stream?.pointer
    }

    private func release() {
        self.stream = nil
    }
}

@available(*, unavailable)
extension Deflator: Sendable {}
