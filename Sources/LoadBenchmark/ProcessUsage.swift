import Foundation

/// What a process has used so far.
struct ProcessUsage {
    /// Processor time, in seconds.
    var processorSeconds: Double
    /// Resident memory, in bytes.
    var residentBytes: Int

    /// This process's.
    static var own: ProcessUsage {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return ProcessUsage(
            processorSeconds: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9,
            residentBytes: Self.of(Int(getpid()))?.residentBytes ?? 0
        )
    }

    /// Another's, from `/proc`; `nil` when there is no such process, or no `/proc`.
    static func of(_ process: Int) -> ProcessUsage? {
        guard let stat = FileManager.default.contents(atPath: "/proc/\(process)/stat"),
            let status = FileManager.default.contents(atPath: "/proc/\(process)/status")
        else { return nil }
        return ProcessUsage(
            stat: String(decoding: stat, as: UTF8.self),
            status: String(decoding: status, as: UTF8.self),
            ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK)))
        )
    }

    /// From the text of the two files.
    init?(stat: String, status: String, ticksPerSecond: Double) {
        // The program's name is in brackets and may hold anything, so fields are counted from behind it (proc_pid_stat(5)):
        // user time is the 14th of all, system time the 15th.
        guard let bracket = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[bracket...].dropFirst().split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        guard let kibibytes = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first,
            let count = Int(kibibytes)
        else { return nil }
        self.init(processorSeconds: (user + system) / ticksPerSecond, residentBytes: count * 1024)
    }

    init(processorSeconds: Double, residentBytes: Int) {
        self.processorSeconds = processorSeconds
        self.residentBytes = residentBytes
    }
}
