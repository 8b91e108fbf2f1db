/// A value in a list or a map.
public enum Value: Hashable, Sendable {
    /// Nothing, said explicitly.
    case null
    /// True or false.
    case bool(Bool)
    /// A finite number.
    case number(Double)
    /// Well-formed UTF-8.
    case string([UInt8])
    /// Any bytes.
    case bytes([UInt8])
    /// A nested text, list or map, which is edited by its name.
    case container(ContainerID)

    /// The value of a string; half surrogate pairs, which only bridged strings have, become U+FFFD.
    public static func string(_ string: String) -> Value { .string(Array(string.utf8)) }
}

/// What is written into a list or a map, and what a document looks like as a whole: values with everything below them.
///
/// Writing a text, list or map creates a nested container.
public indirect enum Content: Hashable, Sendable {
    /// Nothing, said explicitly.
    case null
    /// True or false.
    case bool(Bool)
    /// A number; only finite ones can be written.
    case number(Double)
    /// A string, which is replaced as a whole, as UTF-8.
    case string([UInt8])
    /// Any bytes.
    case bytes([UInt8])
    /// A text, which can be edited, as UTF-16 code units.
    case text([UInt16])
    /// A list.
    case list([Content])
    /// A map; of entries with the same key the last one counts. Exported ones are ascending by the keys' bytes.
    case map([Entry])

    /// A key of a map and what it holds.
    public struct Entry: Hashable, Sendable {
        /// 0 to 256 bytes of well-formed UTF-8.
        public var key: [UInt8]
        /// What it holds.
        public var content: Content

        /// Makes an entry.
        public init(key: [UInt8], content: Content) {
            self.key = key
            self.content = content
        }
    }

    /// The content of a string; half surrogate pairs, which only bridged strings have, become U+FFFD.
    public static func string(_ string: String) -> Content { .string(Array(string.utf8)) }
}
