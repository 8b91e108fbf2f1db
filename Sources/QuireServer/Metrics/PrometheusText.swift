/// The text format that Prometheus reads, version 0.0.4
/// (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
enum PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Writes families one after the other, each with its help and its type.
    static func write(_ families: [MetricsRegistry.Family]) -> String {
        var text = ""
        for family in families where !family.samples.isEmpty {
            let name = family.name
            let type =
                switch family.description.kind {
                case .counter: "counter"
                case .gauge: "gauge"
                case .histogram: "histogram"
                }
            text += "# HELP \(name) \(escaped(family.description.help, quotes: false))\n# TYPE \(name) \(type)\n"
            for sample in family.samples {
                switch sample.value {
                case .number(let number):
                    text += "\(name)\(labels(sample.labels)) \(shown(number))\n"
                case .histogram(let reading):
                    for bucket in reading.buckets {
                        let own = labels(sample.labels, bound: shown(bucket.bound))
                        text += "\(name)_bucket\(own) \(bucket.count)\n"
                    }
                    text += "\(name)_bucket\(labels(sample.labels, bound: "+Inf")) \(reading.count)\n"
                    text += "\(name)_sum\(labels(sample.labels)) \(shown(reading.sum))\n"
                    text += "\(name)_count\(labels(sample.labels)) \(reading.count)\n"
                }
            }
        }
        return text
    }

    private static func labels(_ labels: [MetricsRegistry.Label], bound: String? = nil) -> String {
        var parts = labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
        if let bound { parts.append("le=\"\(bound)\"") }
        return parts.isEmpty ? "" : "{\(parts.joined(separator: ","))}"
    }

    /// Whole numbers without a point, so that counters read as such.
    private static func shown(_ number: Double) -> String {
        if let whole = Int64(exactly: number) { return "\(whole)" }
        // Bounds such as 0.0025 come of integers, and should read like what was meant.
        return "\((number * 1e9).rounded() / 1e9)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
