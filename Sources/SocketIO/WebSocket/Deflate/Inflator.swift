import CZlib
import NIOCore

/// The receiving half of permessage-deflate (RFC 7692 section 7.2.2), fed fragment by fragment.
///
/// Confined to its connection's event loop. Output stops at a limit while inflating, so a bomb costs no more than the
/// limit and one chunk. Without context takeover the zlib state (up to 40 KiB) lives only as long as a message.
final class Inflator {
    enum Failure: Error {
        /// The message inflates to more than is allowed.
        case tooLarge
        /// The bytes are no deflate stream, or there is no memory for zlib's state.
        case malformed
    }

    private static let chunkBytes = 16_384
    /// What zlib's `data_type` says when the next bits are a block's header (zlib.h, at `inflate`).
    private static let isBetweenBlocks: Int32 = 128

    private let windowBits: Int32
    private let keepsContext: Bool
    private var stream: ZStream?
    /// Whether the message has any bytes yet.
    private var hasBegun = false

    /// - Parameters:
    ///   - windowBits: the client's negotiated window, 8 to 15.
    ///   - keepsContext: whether a message may refer to the ones before it.
    init(windowBits: Int, keepsContext: Bool) {
        self.windowBits = Int32(windowBits)
        self.keepsContext = keepsContext
    }

    /// Inflates one frame's payload behind what the message has so far.
    ///
    /// - Complexity: O(*n*) in the bytes in and out.
    func inflate(_ input: ByteBuffer, isLast: Bool, into output: inout [UInt8], limit: Int) throws(Failure) {
        var failure = input.withUnsafeReadableBytes { self.run($0, &output, limit) }
        if input.readableBytes > 0 { self.hasBegun = true }
        if failure == nil, isLast {
            // A message of no bytes at all left out nothing.
            if self.hasBegun { failure = self.end(&output, limit) }
            self.hasBegun = false
            if !self.keepsContext { self.release() }
        }
        if let failure {
            self.release()
            throw failure
        }
    }

    /// Section 7.2.2: the sender left out the end of its empty block, with which the message ends between two blocks.
    private func end(_ output: inout [UInt8], _ limit: Int) -> Failure? {
        let failure = ([0x00, 0x00, 0xFF, 0xFF] as [UInt8]).withUnsafeBytes { self.run($0, &output, limit) }
        if failure == nil, let stream = self.stream?.pointer, stream.pointee.data_type & Self.isBetweenBlocks == 0 {
            return .malformed
        }
        return failure
    }

    private func run(_ input: UnsafeRawBufferPointer, _ output: inout [UInt8], _ limit: Int) -> Failure? {
        guard let base = input.bindMemory(to: UInt8.self).baseAddress, !input.isEmpty else { return nil }
        guard let stream = self.open() else { return .malformed }
        stream.pointee.next_in = UnsafeMutablePointer(mutating: base)
        stream.pointee.avail_in = UInt32(input.count)
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.chunkBytes) { chunk in
            repeat {
                let due = stream.pointee.avail_in
                stream.pointee.next_out = chunk.baseAddress
                stream.pointee.avail_out = UInt32(chunk.count)
                let status = CZlib.inflate(stream, Z_SYNC_FLUSH)
                let produced = chunk.count - Int(stream.pointee.avail_out)
                let room = limit - output.count
                output.append(contentsOf: chunk[..<min(produced, room)])
                guard produced <= room else { return .tooLarge }
                switch status {
                case Z_OK:
                    break
                case Z_BUF_ERROR where produced == 0 && stream.pointee.avail_in == due:
                    return nil
                case Z_STREAM_END:
                    guard self.restart(stream) else { return .malformed }
                default:
                    return .malformed
                }
            } while stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0
            return nil
        }
    }

    /// Goes on behind a block marked as the last (section 7.2.3.4) with the window as it was.
    private func restart(_ stream: UnsafeMutablePointer<z_stream>) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32_768) { window in
            var length: UInt32 = 0
            guard inflateGetDictionary(stream, window.baseAddress, &length) == Z_OK, inflateReset(stream) == Z_OK
            else { return false }
            return length == 0 || inflateSetDictionary(stream, window.baseAddress, length) == Z_OK
        }
    }

    private func open() -> UnsafeMutablePointer<z_stream>? {
        let windowBits = self.windowBits
        self.stream =
            self.stream ?? ZStream(begin: { quire_inflate_init($0, -windowBits) }, end: { _ = inflateEnd($0) })
        return self.stream?.pointer
    }

    private func release() {
        self.stream = nil
    }
}

@available(*, unavailable)
extension Inflator: Sendable {}
