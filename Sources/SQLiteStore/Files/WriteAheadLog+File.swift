internal import Collaboration

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Musl)
internal import Musl
#else
internal import Glibc
#endif

extension WriteAheadLog {
    /// Reads a log from its file; `empty` when there is none.
    ///
    /// One frame at a time, as a log may be large.
    static func judge(path: String) throws(StoreError) -> Verdict {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { return .empty }
        guard descriptor >= 0 else { throw failure("cannot read \(path)") }
        defer { close(descriptor) }
        var log = WriteAheadLog()
        guard log.readHeader(try read(descriptor, headerByteCount, at: 0)) else { return .empty }
        var offset = headerByteCount
        while true {
            let frame = try read(descriptor, log.frameByteCount, at: offset)
            guard frame.count == log.frameByteCount else { return log.verdict }
            log.readFrame(frame)
            offset += frame.count
        }
    }

    /// Writes the log's bytes once more, as they are, and syncs them.
    ///
    /// After an `fsync` that failed, Linux takes the pages for written that are not: a process that starts on them reads
    /// from memory what the disk does not have, and no later `fsync` writes it. What SQLite recovered from such a log would
    /// be built upon, and be gone with the power, and all that was acknowledged behind it. Written again, the pages are
    /// dirty again, and this `fsync` means something.
    ///
    /// With `frames`, what is behind so many of them is cut off: what a commit left that failed.
    ///
    /// Call while SQLite's write lock is held, so that nobody empties the log meanwhile.
    static func renew(path: String, frames: Int? = nil) throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { return }
        guard descriptor >= 0 else { throw failure("cannot open \(path)") }
        defer { close(descriptor) }
        if let frames {
            var log = WriteAheadLog()
            let end =
                log.readHeader(try read(descriptor, headerByteCount, at: 0))
                ? headerByteCount + frames * log.frameByteCount : 0
            let size = lseek(descriptor, 0, SEEK_END)
            guard size <= off_t(end) || ftruncate(descriptor, off_t(end)) == 0 else {
                throw failure("cannot cut \(path)")
            }
        }
        var offset = 0
        while true {
            let bytes = try read(descriptor, 1 << 20, at: offset)
            if bytes.isEmpty { break }
            var written = 0
            while written < bytes.count {
                let count = bytes[written...].withUnsafeBytes {
                    pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset + written))
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw failure("cannot write \(path)") }
                written += count
            }
            offset += bytes.count
        }
        guard offset == 0 || fsync(descriptor) == 0 else { throw failure("cannot sync \(path)") }
    }

    /// Reads so many bytes, or as many as there are.
    private static func read(_ descriptor: Int32, _ byteCount: Int, at offset: Int) throws(StoreError) -> [UInt8] {
        var isFailed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, filled in
            while filled < byteCount {
                let count = pread(
                    descriptor,
                    buffer.baseAddress.map { $0 + filled },
                    byteCount - filled,
                    off_t(offset + filled)
                )
                if count < 0, errno == EINTR { continue }
                if count <= 0 {
                    isFailed = count < 0
                    return
                }
                filled += count
            }
        }
        if isFailed { throw failure("cannot read the log") }
        return bytes
    }

    private static func failure(_ text: String) -> StoreError {
        StoreError(.ioFailure, "\(text) (\(String(cString: strerror(errno))))")
    }
}
