public import CRDT

/// The way from a root down to a container, as thin clients write it: `"body"`, `"shapes/s1"`, `"columns/0/cards"`.
///
/// The first part is the name of a root. Each further part is a key where the container so far is a map, and an index,
/// in decimal digits, where it is a list. `"~1"` stands for a slash inside a part and `"~0"` for a tilde, as in JSON
/// Pointer (RFC 6901). The kind of a root follows from the way on: of a list and a map of one name the list is meant
/// when there is anything in it.
public struct ContainerPath: Hashable, Sendable {
    /// The name of the root.
    public var root: RootName
    /// The parts behind it, without escapes.
    public var steps: [[UInt8]]

    /// A path of its parts.
    public init(root: RootName, steps: [[UInt8]] = []) {
        self.root = root
        self.steps = steps
    }

    /// More steps than containers can be nested lead nowhere.
    public static let maximumStepCount = 64

    /// Reads a path; `nil` when it is none: an empty or too long root, a tilde that escapes nothing, too many steps.
    public init?(_ text: String) {
        var parts: [[UInt8]] = [[]]
        var isEscape = false
        for byte in text.utf8 {
            switch (byte, isEscape) {
            case (UInt8(ascii: "0"), true): parts[parts.count - 1].append(UInt8(ascii: "~"))
            case (UInt8(ascii: "1"), true): parts[parts.count - 1].append(UInt8(ascii: "/"))
            case (_, true): return nil
            case (UInt8(ascii: "~"), false):
                isEscape = true
                continue
            case (UInt8(ascii: "/"), false): parts.append([])
            case (_, false): parts[parts.count - 1].append(byte)
            }
            isEscape = false
        }
        guard !isEscape, parts.count <= Self.maximumStepCount, let root = try? RootName(utf8: parts.removeFirst())
        else {
            return nil
        }
        self.init(root: root, steps: parts)
    }

    /// The path as it is written.
    public var string: String {
        var bytes: [UInt8] = []
        for part in [root.utf8] + steps {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: "/")) }
            for byte in part {
                switch byte {
                case UInt8(ascii: "~"): bytes += Array("~0".utf8)
                case UInt8(ascii: "/"): bytes += Array("~1".utf8)
                default: bytes.append(byte)
                }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A step into a list.
    static func step(_ index: Int) -> [UInt8] { Array(String(index).utf8) }

    /// The index that a step into a list names; `nil` when it is none: digits only, without leading zeros.
    static func index(_ step: [UInt8]) -> Int? {
        guard !step.isEmpty, step.count <= 10, step.count == 1 || step[0] != UInt8(ascii: "0") else { return nil }
        var index = 0
        for byte in step {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            index = index * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return index
    }
}
