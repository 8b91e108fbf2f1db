import Foundation

extension LoadReport {
    /// One object of JSON, on one line.
    public var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // All members are numbers and strings, and no number is infinite.
        guard let data = try? encoder.encode(self) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    /// A table for people.
    public var text: String {
        var rows: [(name: String, value: String)] = []
        let pace = self.rate.map { "\(Self.number($0)) a second each" } ?? "\(self.window ?? 0) in flight each"
        rows.append(("load", "\(self.rooms) rooms x \(self.clientsPerRoom), \(self.sendersPerRoom) of each send"))
        rows.append(("messages", "\(self.kind), \(self.payloadBytes) bytes, \(pace)"))
        rows.append(
            (
                "connected",
                "\(self.connected) of \(self.rooms * self.clientsPerRoom) in \(Self.number(self.connectSeconds)) s"
            )
        )
        if let latency = self.joinLatency, latency.count > 0 { rows.append(("join latency", Self.text(latency))) }
        if let each = self.serverMicrosecondsPerJoin {
            rows.append(("server, one join", "\(Self.number(each)) us of processor time"))
        }
        if let each = self.serverBytesPerConnection {
            rows.append(("server, one connection", "\(Self.number(each / 1024)) KiB"))
        }
        if self.seconds > 0 { self.appendMeasured(to: &rows) }
        self.appendChecks(to: &rows)
        let width = rows.map(\.name.count).max() ?? 0
        return rows.map { $0.name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + $0.value }
            .joined(separator: "\n")
    }

    /// What to mind about the figures.
    public var warnings: [String] {
        var warnings: [String] = []
        if self.generatorCPU > 0.9 {
            warnings.append(
                "the generator used \(Self.number(self.generatorCPU * 100)) % of a core: it was the bottleneck, not the server"
            )
        }
        return warnings
    }

    private func appendMeasured(to rows: inout [(name: String, value: String)]) {
        rows.append(("measured", "\(Self.number(self.seconds)) s"))
        rows.append(("sent, acked", "\(Self.number(self.sent)), \(Self.number(self.acked))"))
        rows.append(("delivered", Self.number(self.delivered)))
        rows.append(("deliveries/s", Self.number(Int(self.deliveriesPerSecond))))
        if let each = self.deliveriesPerServerCPUSecond {
            rows.append(("deliveries/server CPU-s", Self.number(Int(each))))
        }
        if let latency = self.deliveryLatency, latency.count > 0 {
            rows.append(("delivery latency", Self.text(latency)))
        }
        if let latency = self.ackLatency, latency.count > 0 { rows.append(("ack latency", Self.text(latency))) }
        if self.presenceEvents > 0 { rows.append(("presence events", Self.number(self.presenceEvents))) }
        rows.append(
            ("bytes sent, received", "\(Self.number(self.bytesSent)), \(Self.number(self.bytesReceived))")
        )
        if let share = self.serverCPU, let bytes = self.serverBytes {
            let peak = Double(self.serverPeakBytes ?? bytes) / 1e6
            rows.append(
                (
                    "server",
                    "\(Self.number(share * 100)) % of a core, \(Self.number(Double(bytes) / 1e6)) MB, at most "
                        + "\(Self.number(peak)) MB"
                )
            )
        }
        rows.append(("generator", "\(Self.number(self.generatorCPU * 100)) % of a core"))
    }

    private func appendChecks(to rows: inout [(name: String, value: String)]) {
        if self.stalled > 0 {
            let time = self.catchUpMilliseconds.map { "up to date after \(Self.number($0)) ms" } ?? "never up to date"
            rows.append(("stalled clients", "\(self.stalled), \(time), went without \(Self.number(self.skipped))"))
            if let latency = self.stalledLatency, latency.count > 0 {
                rows.append(("their latency", Self.text(latency)))
            }
        }
        if self.resynchronised > 0 { rows.append(("resynchronised", Self.number(self.resynchronised))) }
        rows.append(("lost, twice, no ack", "\(self.lost), \(self.duplicates), \(self.unacknowledged)"))
        for (code, count) in self.refused.sorted(by: { $0.key < $1.key }) {
            rows.append(("refused", "\(count) \(code)"))
        }
        for (reason, count) in self.lostConnections.sorted(by: { $0.key < $1.key }) {
            rows.append(("connections lost", "\(count): \(reason)"))
        }
        if let damage = self.damage { rows.append(("damage", damage)) }
        if let rooms = self.verifiedRooms {
            rows.append(("documents equal", "\(rooms - (self.differingRooms ?? 0)) of \(rooms)"))
        }
        rows.append(("result", self.ok ? "as it must be" : "NOT as it must be"))
    }

    // MARK: Numbers

    private static func text(_ latency: Latency) -> String {
        let figures = [latency.p50, latency.p90, latency.p99, latency.p999, latency.max]
        let names = ["p50", "p90", "p99", "p99.9", "max"]
        let parts = zip(names, figures).map { "\($0) \(Self.number($1 / 1000))" }
        return parts.joined(separator: ", ") + " ms"
    }

    /// Three digits or more.
    private static func number(_ value: Double) -> String {
        switch abs(value) {
        case 100...: Self.number(Int(value.rounded()))
        case 10..<100: String(format: "%.1f", value)
        case 1..<10: String(format: "%.2f", value)
        default: String(format: "%.3f", value)
        }
    }

    /// With a comma between thousands.
    private static func number(_ value: Int) -> String {
        var text = ""
        for (index, digit) in String(abs(value)).reversed().enumerated() {
            if index > 0, index % 3 == 0 { text = "," + text }
            text = String(digit) + text
        }
        return value < 0 ? "-" + text : text
    }
}
