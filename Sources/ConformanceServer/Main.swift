import ArgumentParser

/// Takes `--recovery` in every form that a test runner may give it.
@main
enum Main {
    static func main() async {
        await ConformanceServer.main(self.arguments(Array(CommandLine.arguments.dropFirst())))
    }

    /// The arguments with `--recovery` as the flag it is: `--recovery on`, `--recovery=true` and, with the time that a state
    /// is kept, `--recovery 10000` are taken too.
    static func arguments(_ given: [String]) -> [String] {
        var arguments: [String] = []
        var rest = given[...]
        while let argument = rest.popFirst() {
            guard argument == "--recovery" || argument.hasPrefix("--recovery=") else {
                arguments.append(argument)
                continue
            }
            var value = argument.dropFirst("--recovery=".count)
            if argument == "--recovery", let next = rest.first, !next.hasPrefix("-") {
                value = next[...]
                rest.removeFirst()
            }
            if ["off", "false", "no", "0"].contains(value) { continue }
            arguments.append("--recovery")
            if let milliseconds = Int(value), milliseconds > 1 {
                arguments += ["--recovery-duration", String(milliseconds)]
            }
        }
        return arguments
    }
}
