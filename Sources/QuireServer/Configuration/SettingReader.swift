internal import Configuration
import SocketIOProtocol

/// Puts the settings together: what a flag says, else an environment variable, else the configuration file, else the
/// default.
///
/// A setting has one name everywhere: `max-message-bytes` is the flag `--max-message-bytes`, the variable
/// `QUIRE_MAX_MESSAGE_BYTES` and the key `"max-message-bytes"` of the file, a JSON object. It remembers what it was asked
/// for, so that `quire config` can show it all, and ``finish()`` can refuse keys of the file that nobody asked for.
public struct SettingReader {
    /// Where a value came from.
    public enum Source: Hashable, Sendable, CustomStringConvertible {
        /// The command line.
        case flag
        /// An environment variable.
        case environment(String)
        /// The configuration file.
        case file(String)
        /// Nobody set it.
        case fallback

        /// For people.
        public var description: String {
            switch self {
            case .flag: "flag"
            case .environment(let name): "environment \(name)"
            case .file(let path): "file \(path)"
            case .fallback: "default"
            }
        }
    }

    /// A setting as it is in effect.
    public struct Effective: Hashable, Sendable {
        /// Its name.
        public var name: String
        /// Its value as people read it; a placeholder for secrets, empty for none.
        public var value: String
        /// Where it came from.
        public var source: Source
    }

    private let environment: EnvironmentVariablesProvider
    private let file: JSONSnapshot?
    private let path: String
    /// What the file holds, in its order.
    private let members: [JSONObject.Member]

    /// What was asked for, in that order.
    public private(set) var effective: [Effective] = []

    /// Reads from the environment, and from a file where there is one.
    ///
    /// - Parameters:
    ///   - environment: all variables of the process; those that begin with `QUIRE_` count.
    ///   - file: the file's path and bytes.
    /// - Throws: when the file is no JSON object.
    public init(environment: [String: String], file: (path: String, bytes: [UInt8])?) throws(ConfigurationError) {
        self.environment = EnvironmentVariablesProvider(environmentVariables: environment)
        path = file?.path ?? ""
        guard let file else {
            self.file = nil
            members = []
            return
        }
        guard let parsed = try? JSON.parse(file.bytes), case .object(let object) = parsed else {
            throw .invalid("\(file.path) is no JSON object of settings")
        }
        members = object.members
        for member in members {
            switch member.value {
            case .object, .null: throw .invalid("\(file.path): \"\(member.key)\" is nothing that a setting can be")
            default: break
            }
        }
        do {
            self.file = try JSONSnapshot(
                data: file.bytes.span.bytes,
                providerName: file.path,
                parsingOptions: .default
            )
        } catch {
            throw .invalid("\(file.path) holds a list that is not one of texts")
        }
    }

    // MARK: Settings

    /// A number.
    public mutating func int(_ name: String, flag: Int?, default fallback: Int) throws(ConfigurationError) -> Int {
        if let flag { return note(name, flag, .flag) }
        guard let (content, source) = try find(name, .int), case .int(let value) = content else {
            return note(name, fallback, .fallback)
        }
        return note(name, value, source)
    }

    /// A text; nil when nobody sets it and there is no default.
    public mutating func string(
        _ name: String,
        flag: String?,
        default fallback: String? = nil
    ) throws(ConfigurationError) -> String? {
        if let flag { return note(name, flag, .flag) }
        guard let (content, source) = try find(name, .string), case .string(let value) = content else {
            effective.append(Effective(name: name, value: fallback ?? "", source: .fallback))
            return fallback
        }
        return note(name, value, source)
    }

    /// A switch.
    public mutating func bool(_ name: String, flag: Bool) throws(ConfigurationError) -> Bool {
        if flag { return note(name, true, .flag) }
        guard let (content, source) = try find(name, .bool), case .bool(let value) = content else {
            return note(name, false, .fallback)
        }
        return note(name, value, source)
    }

    /// A list of texts: in the environment with commas between them.
    ///
    /// One place's list replaces another's; they are not joined.
    ///
    /// `shown` says how `quire config` shows each.
    public mutating func strings(
        _ name: String,
        flag: [String],
        shown: (String) -> String = { $0 }
    ) throws(ConfigurationError) -> [String] {
        let (values, source): ([String], Source)
        if !flag.isEmpty {
            (values, source) = (flag, .flag)
        } else if let (content, found) = try find(name, .stringArray), case .stringArray(let list) = content {
            (values, source) = (list.filter { !$0.isEmpty }, found)
        } else {
            (values, source) = ([], .fallback)
        }
        effective.append(Effective(name: name, value: values.map(shown).joined(separator: ", "), source: source))
        return values
    }

    /// A text that is shown as `shown` says.
    public mutating func string(
        _ name: String,
        flag: String?,
        shown: (String) -> String
    ) throws(ConfigurationError) -> String? {
        let value = try string(name, flag: flag)
        effective[effective.count - 1].value = value.map(shown) ?? ""
        return value
    }

    /// A text that is never shown.
    public mutating func secret(_ name: String, flag: String?) throws(ConfigurationError) -> Secret? {
        let value = try string(name, flag: flag)
        effective[effective.count - 1].value = value == nil ? "" : Secret("").description
        return value.map { Secret($0) }
    }

    /// Call when everything was asked for.
    ///
    /// - Throws: when the file has keys that are no setting's name: a misspelt one would be without effect.
    public func finish() throws(ConfigurationError) {
        let names = Set(effective.map(\.name))
        guard let unknown = members.map(\.key).first(where: { !names.contains($0) }) else { return }
        throw .invalid("\(path): there is no setting \"\(unknown)\"; `quire config` lists them")
    }

    // MARK: Looking

    /// The variable of a setting.
    static func variable(_ name: String) -> String {
        "QUIRE_" + String(name.map { $0 == "-" ? "_" : $0 }).uppercased()
    }

    private func find(_ name: String, _ type: ConfigType) throws(ConfigurationError) -> (ConfigContent, Source)? {
        let variable = Self.variable(name)
        do {
            let found = try environment.value(forKey: AbsoluteConfigKey(["quire", name]), type: type)
            if let value = found.value { return (value.content, .environment(variable)) }
        } catch {
            throw .invalid("\(variable) is \(Self.expectation(type))")
        }
        // The provider takes 1 for true, and true for 1.
        if let given = members.last(where: { $0.key == name })?.value {
            switch (type, given) {
            case (.int, .int), (.bool, .bool), (.string, .string), (.stringArray, .array): break
            default: throw .invalid("\(path): \"\(name)\" is \(Self.expectation(type))")
            }
        }
        do {
            let found = try file?.value(forKey: AbsoluteConfigKey([name]), type: type)
            if let value = found?.value { return (value.content, .file(path)) }
        } catch {
            throw .invalid("\(path): \"\(name)\" is \(Self.expectation(type))")
        }
        return nil
    }

    private static func expectation(_ type: ConfigType) -> String {
        switch type {
        case .int: "no whole number"
        case .bool: "neither true nor false"
        case .stringArray: "no list of texts"
        default: "no text"
        }
    }

    private mutating func note<Value: CustomStringConvertible>(
        _ name: String,
        _ value: Value,
        _ source: Source
    ) -> Value {
        effective.append(Effective(name: name, value: value.description, source: source))
        return value
    }
}
