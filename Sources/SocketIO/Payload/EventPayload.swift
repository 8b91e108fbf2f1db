/// What an event brings, with rules that its type alone cannot say.
///
/// ```swift
/// struct Say: EventPayload {
///     var room: String
///     var text: String
///     var priority: Int?
///
///     static let refusesUnknownFields = true
///
///     func validate(_ check: inout FieldChecks) {
///         check("room", self.room, .length(1...64))
///         check("text", self.text, .notBlank, .length(...2000))
///         check("priority", self.priority, .range(0...9))
///     }
/// }
/// ```
///
/// The rules are looked at wherever the type stands in a payload, also nested. All that are broken are reported at once,
/// each with the path of its field. Any other `Decodable` type does as well, if its type says enough.
public protocol EventPayload: Decodable {
    /// Whether fields that the type does not know are an error; else, as by default, they are ignored.
    static var refusesUnknownFields: Bool { get }

    /// Notes what is wrong with the fields.
    func validate(_ check: inout FieldChecks)
}

extension EventPayload {
    /// Unknown fields are ignored.
    public static var refusesUnknownFields: Bool { false }

    /// The type says enough.
    public func validate(_ check: inout FieldChecks) {}
}

/// Collects what is wrong with the fields of one value; see ``EventPayload``.
public struct FieldChecks {
    private let path: String
    private(set) var errors: [FieldError] = []

    init(path: String) {
        self.path = path
    }

    /// Checks a field by rules; one that is nil breaks none.
    ///
    /// - Parameters:
    ///   - field: the field's name on the wire; for elements `items[3]`.
    ///   - value: its value.
    ///   - rules: what must hold. Only the first that is broken is reported.
    public mutating func callAsFunction<Value>(_ field: String, _ value: Value?, _ rules: FieldRule<Value>...) {
        guard let value else { return }
        for rule in rules {
            if let broken = rule.check(value) {
                return self.fail(field, code: broken.code, message: broken.message)
            }
        }
    }

    /// Reports a field.
    ///
    /// - Parameters:
    ///   - field: the field's name on the wire.
    ///   - code: what programs decide by.
    ///   - message: what people read.
    public mutating func fail(_ field: String, code: String = "INVALID", message: String) {
        self.errors.append(FieldError(path: FieldPath.join(self.path, field), code: code, message: message))
    }
}

/// How the places of fields are spelt.
enum FieldPath {
    static func join(_ path: String, _ field: String) -> String {
        path.isEmpty || field.hasPrefix("[") ? path + field : path + "." + field
    }

    /// The place of an argument: the first, nearly always the only one, has no name.
    static func argument(_ index: Int) -> String { index == 0 ? "" : String(index) }
}
