/// What must hold of a field's value; see ``EventPayload``.
public struct FieldRule<Value>: Sendable {
    /// What is wrong with a value.
    public struct Broken: Sendable {
        let code: String
        let message: String

        /// Says what is wrong.
        public init(code: String, message: String) {
            self.code = code
            self.message = message
        }
    }

    let check: @Sendable (Value) -> Broken?

    /// A rule of one's own: says what is wrong, or nil.
    public init(_ check: @escaping @Sendable (Value) -> Broken?) {
        self.check = check
    }
}

/// Why a length does not lie between two others; nil when it does.
private func breach(of count: Int, _ min: Int, _ max: Int, _ unit: String) -> (code: String, message: String)? {
    if count < min { return ("LENGTH", "at least \(min) \(unit)") }
    if count > max { return ("LENGTH", "at most \(max) \(unit)") }
    return nil
}

extension FieldRule where Value == String {
    /// So many Unicode scalars: what most other languages count as characters.
    ///
    /// - Complexity: O(*n*); a limit in bytes is the server's, on whole messages.
    public static func length(_ range: ClosedRange<Int>) -> FieldRule {
        FieldRule { text in
            breach(of: text.unicodeScalars.count, range.lowerBound, range.upperBound, "characters")
                .map { Broken(code: $0.code, message: $0.message) }
        }
    }

    /// At most so many Unicode scalars.
    public static func length(_ range: PartialRangeThrough<Int>) -> FieldRule { .length(0...range.upperBound) }

    /// At least so many Unicode scalars.
    public static func length(_ range: PartialRangeFrom<Int>) -> FieldRule { .length(range.lowerBound...Int.max) }

    /// Not empty, and not of white space only.
    public static var notBlank: FieldRule {
        FieldRule { text in
            text.allSatisfy(\.isWhitespace) ? Broken(code: "EMPTY", message: "must not be blank") : nil
        }
    }

    /// One of these.
    public static func oneOf(_ values: String...) -> FieldRule {
        FieldRule { text in
            values.contains(text) ? nil : Broken(code: "INVALID", message: "one of \(values.joined(separator: ", "))")
        }
    }
}

extension FieldRule where Value: Collection & SendableMetatype {
    /// Not empty.
    public static var notEmpty: FieldRule {
        FieldRule { $0.isEmpty ? Broken(code: "EMPTY", message: "must not be empty") : nil }
    }

    /// So many elements; of `[UInt8]`, bytes.
    public static func count(_ range: ClosedRange<Int>) -> FieldRule {
        let (min, max) = (range.lowerBound, range.upperBound)
        return FieldRule { value in
            breach(of: value.count, min, max, "elements").map { Broken(code: $0.code, message: $0.message) }
        }
    }

    /// At most so many elements.
    public static func count(_ range: PartialRangeThrough<Int>) -> FieldRule { .count(0...range.upperBound) }
}

extension FieldRule where Value: Comparable & Sendable {
    /// Within a range, both ends included.
    public static func range(_ range: ClosedRange<Value>) -> FieldRule {
        FieldRule { value in
            range.contains(value)
                ? nil : Broken(code: "RANGE", message: "from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// At least.
    public static func range(_ range: PartialRangeFrom<Value>) -> FieldRule {
        FieldRule { $0 >= range.lowerBound ? nil : Broken(code: "RANGE", message: "at least \(range.lowerBound)") }
    }

    /// At most.
    public static func range(_ range: PartialRangeThrough<Value>) -> FieldRule {
        FieldRule { $0 <= range.upperBound ? nil : Broken(code: "RANGE", message: "at most \(range.upperBound)") }
    }
}
