import CMalloc

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a measurement reads: processor time and memory.
public enum Meter {
    /// Processor time of the calling thread so far, in nanoseconds.
    ///
    /// Time that other processes took does not count, so that a busy machine disturbs little. Never inlined, so that tools
    /// that count instructions can tell by its calls where the measured part is.
    @inline(never)
    public static func processorTime() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec)
    }

    /// Bytes that the process has allocated and not freed; 0 where the C library does not count.
    public static func heapInUse() -> Int {
        Int(quire_heap_in_use())
    }

    /// Keeps freed memory in the process from now on.
    ///
    /// A run then does not pay for pages that the run before gave back to the system, as a server that lives long does not.
    public static func keepFreedMemory() {
        quire_heap_keep()
    }
}

/// What a trial times itself with.
public struct Stopwatch {
    private let willStart: () -> Void
    private let didStop: () -> Void

    /// A stopwatch for somebody else to measure along.
    ///
    /// - Parameters:
    ///   - willStart: called before the measured part of a run.
    ///   - didStop: called after it.
    public init(willStart: @escaping () -> Void = {}, didStop: @escaping () -> Void = {}) {
        self.willStart = willStart
        self.didStop = didStop
    }

    /// The processor time that `body` takes, in milliseconds.
    func milliseconds<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) -> Double {
        self.willStart()
        let start = Meter.processorTime()
        try body()
        let time = Double(Meter.processorTime() - start) / 1e6
        self.didStop()
        return time
    }
}
