/// A value as it is kept.
enum StoredValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string([UInt8])
    case bytes([UInt8])
    /// A nested container, by its number.
    case container(UInt32)
    /// The element is a new place of the list item at that address.
    case move(item: UInt32)
    /// The value was deleted and is not known any more.
    case dropped
}

/// The values of the elements of lists, by address.
///
/// A block of addresses has elements of text or elements of lists, never both. A block of lists has a table with a value
/// number for each address; documents without lists have no tables and pay nothing.
struct ValueTable: ~Copyable, Sendable {
    private static let none = UInt32.max

    /// Per block the number of its table; shorter than the blocks while those at the end have none.
    private var tableOfBlock = Slab<UInt32>()
    private var tables = Slab<UInt32>()
    private var values: [StoredValue] = []

    init() {}

    /// Makes tables for blocks that were just given to elements of lists.
    mutating func provide(blocks range: Range<Int>) {
        tableOfBlock.append(repeating: Self.none, count: range.upperBound - tableOfBlock.count)
        for block in range {
            tableOfBlock[block] = UInt32(tables.count / BlockTable.size)
            tables.append(repeating: Self.none, count: BlockTable.size)
        }
    }

    /// Whether there are elements of lists at all.
    @inline(__always)
    var hasLists: Bool { tableOfBlock.count > 0 }

    /// Whether the addresses of a block are for elements of lists.
    func isList(block: Int) -> Bool { block < tableOfBlock.count && tableOfBlock[block] != Self.none }

    /// Whether the element at `address` is one of a list.
    @inline(__always)
    func isList(_ address: UInt32) -> Bool { isList(block: Int(address >> 6)) }

    /// The value of the list element at an address.
    subscript(_ address: UInt32) -> StoredValue {
        get {
            let number = tables[slot(address)]
            return number == Self.none ? .dropped : values[Int(number)]
        }
        set {
            let number = tables[slot(address)]
            if number == Self.none {
                tables[slot(address)] = UInt32(values.count)
                values.append(newValue)
            } else {
                values[Int(number)] = newValue
            }
        }
    }

    private func slot(_ address: UInt32) -> Int {
        Int(tableOfBlock[Int(address >> 6)]) * BlockTable.size + Int(address & 63)
    }
}
