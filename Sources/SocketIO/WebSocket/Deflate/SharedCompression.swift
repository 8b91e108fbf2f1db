import NIOConcurrencyHelpers
import NIOCore

/// How a connection compresses, when nothing of it depends on what was sent before: all such connections can be sent the
/// same bytes.
struct StatelessCompression: Sendable, Hashable {
    let windowBits: Int
    let threshold: Int

    /// Nil where a message may refer to the ones before it.
    init?(_ agreement: PerMessageDeflate.Agreement, threshold: Int) {
        guard agreement.serverNoContextTakeover else { return nil }
        self.windowBits = agreement.serverMaxWindowBits
        self.threshold = threshold
    }
}

/// The compressed forms of one packet's frames, each made when the first receiver wants it.
///
/// Receivers may be on several event loops; whoever comes second waits for the first, rather than compressing again.
final class SharedCompression: Sendable {
    private struct State {
        var forms: [StatelessCompression: ByteBuffer] = [:]
        var compressionCount = 0
    }

    private let state = NIOLockedValueBox(State())

    /// The frames as such a connection is sent them.
    func frames(_ frames: ByteBuffer, as compression: StatelessCompression) -> ByteBuffer {
        guard frames.readableBytes >= compression.threshold else { return frames }
        return self.state.withLockedValue { state in
            if let form = state.forms[compression] { return form }
            let form = FrameCompressor(compression).compress(frames)
            state.compressionCount += 1
            state.forms[compression] = form
            return form
        }
    }

    /// How often the frames were compressed.
    var compressionCount: Int { self.state.withLockedValue { $0.compressionCount } }
}
