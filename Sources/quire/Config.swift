import ArgumentParser
import QuireServer
import SocketIOProtocol

/// `quire config`.
struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the settings that `quire serve` would use, and where each comes from.",
        discussion: """
            It takes the same options, and fails when `quire serve` would refuse them. Secrets are not shown.
            """
    )

    @OptionGroup
    var options: ServeOptions

    @Flag(help: "Print one JSON object: each setting with its value and its source.")
    var json = false

    func validate() throws {
        do {
            _ = try options.resolve(environment: Environment.variables)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() throws {
        let settings = try options.resolve(environment: Environment.variables)
        print(json ? Self.object(settings.effective) : Self.table(settings.effective))
        do {
            try settings.server.validate()
        } catch {
            throw ValidationError("\(error)")
        }
    }

    private static func table(_ settings: [SettingReader.Effective]) -> String {
        let names = settings.map(\.name.count).max() ?? 0
        let values = settings.map(\.value.count).max() ?? 0
        return settings.map { setting in
            let name = setting.name + String(repeating: " ", count: names - setting.name.count)
            let value = setting.value + String(repeating: " ", count: values - setting.value.count)
            return "\(name)  \(value)  \(setting.source)"
        }
        .joined(separator: "\n")
    }

    private static func object(_ settings: [SettingReader.Effective]) -> String {
        let members = settings.map { setting in
            (setting.name, ["value": .string(setting.value), "source": .string("\(setting.source)")] as JSON)
        }
        return String(decoding: JSON.object(JSONObject(members)).serialize(), as: UTF8.self)
    }
}
