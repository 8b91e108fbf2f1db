import CZlib

/// A stream of zlib's, ended with its owner.
///
/// zlib keeps a pointer to it, so it lies still.
final class ZStream {
    let pointer: UnsafeMutablePointer<z_stream>
    private let end: (UnsafeMutablePointer<z_stream>) -> Void

    /// Makes a stream; nil when zlib has no memory for its state.
    ///
    /// - Parameters:
    ///   - begin: zlib's `…Init`.
    ///   - end: zlib's `…End`.
    init?(
        begin: (UnsafeMutablePointer<z_stream>) -> Int32,
        end: @escaping (UnsafeMutablePointer<z_stream>) -> Void
    ) {
        let pointer = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        pointer.initialize(to: z_stream())
        guard begin(pointer) == Z_OK else {
            // Before there is an object: nothing was begun that it could end.
            pointer.deallocate()
            return nil
        }
        self.pointer = pointer
        self.end = end
    }

    deinit {
        self.end(self.pointer)
        self.pointer.deallocate()
    }
}

@available(*, unavailable)
extension ZStream: Sendable {}
