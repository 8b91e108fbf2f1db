import NIOCore

/// Compresses the data frames in a buffer of whole, unfragmented server frames.
///
/// Frames stay shared and uncompressed up to the one connection that agreed on compression, so that nobody else pays.
struct FrameCompressor {
    private let deflator: Deflator
    private let threshold: Int

    init(_ agreement: PerMessageDeflate.Agreement, threshold: Int) {
        self.deflator = Deflator(
            windowBits: agreement.serverMaxWindowBits,
            keepsContext: !agreement.serverNoContextTakeover
        )
        self.threshold = threshold
    }

    /// Compresses what every connection of this kind can be sent.
    init(_ compression: StatelessCompression) {
        self.deflator = Deflator(windowBits: compression.windowBits, keepsContext: false)
        self.threshold = compression.threshold
    }

    /// The same frames, those of messages from the threshold on compressed.
    ///
    /// One that is compressed already, as part of a broadcast, stays as it is.
    func compress(_ frames: ByteBuffer) -> ByteBuffer {
        // No frame in it can be long enough.
        guard frames.readableBytes >= self.threshold, self.hasWork(frames) else { return frames }
        var input = frames
        var output = ByteBuffer()
        while let header = ServerFrames.readHeader(&input), let payload = input.readSlice(length: header.length) {
            let isPlainData = header.first & 0x48 == 0
            let packed =
                isPlainData && header.length >= self.threshold
                ? payload.withUnsafeReadableBytes { self.deflator.deflate($0) } : nil
            if let packed {
                ServerFrames.writeHeader(first: header.first | 0x40, length: packed.count, to: &output)
                output.writeBytes(packed)
            } else {
                ServerFrames.writeHeader(first: header.first, length: header.length, to: &output)
                output.writeImmutableBuffer(payload)
            }
        }
        return output
    }

    /// Whether any frame is to be compressed: many small ones that were gathered stay as they are, and shared.
    private func hasWork(_ frames: ByteBuffer) -> Bool {
        var input = frames
        while let header = ServerFrames.readHeader(&input) {
            if header.first & 0x48 == 0, header.length >= self.threshold { return true }
            input.moveReaderIndex(forwardBy: min(header.length, input.readableBytes))
        }
        return false
    }
}
