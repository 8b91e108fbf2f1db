#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the system says of this process.
struct ProcessFigures {
    /// When the process first looked, which is when the server starts, in seconds since 1970.
    static let started = WallClock.now

    /// Processor time, of the process and of the system for it, in seconds.
    var cpuSeconds: Double? {
        var time = timespec()
        guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Open descriptors; nil where the system does not say in `/proc`.
    var openDescriptors: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Not itself, nor the two names of folders.
        return count - 3
    }
}
