/// How much the number of deletions of an element, less its restorations, is beside what its run says.
///
/// An element is visible while it was not deleted more often than restored. Nearly all were deleted never or once, and
/// there the run alone says which. Only for blocks with others there is a table here.
///
///     deletions - restorations   2+   1   0   -1
///     run                        dead dead alive alive
///     kept here                  1+   0   0   -1
struct DeleteCounts: ~Copyable, Sendable {
    private static let none = UInt32.max

    private var tableOfBlock = Slab<UInt32>()
    private var tables = Slab<Int32>()

    init() {}

    /// Whether every element is as its run says.
    @inline(__always)
    var isEmpty: Bool { tables.count == 0 }

    /// What there is beside the run's word.
    func extra(_ address: UInt32) -> Int {
        let block = Int(address >> 6)
        guard block < tableOfBlock.count, tableOfBlock[block] != Self.none else { return 0 }
        return Int(tables[Int(tableOfBlock[block]) * BlockTable.size + Int(address & 63)])
    }

    /// Changes it; each step takes an operation, so the bound is out of reach.
    mutating func setExtra(_ extra: Int, of address: UInt32) {
        let block = Int(address >> 6)
        if block >= tableOfBlock.count {
            tableOfBlock.append(repeating: Self.none, count: block + 1 - tableOfBlock.count)
        }
        if tableOfBlock[block] == Self.none {
            tableOfBlock[block] = UInt32(tables.count / BlockTable.size)
            tables.append(repeating: 0, count: BlockTable.size)
        }
        let bounded = Int32(clamping: extra)
        tables[Int(tableOfBlock[block]) * BlockTable.size + Int(address & 63)] = bounded
    }

    /// Visits every element that is not as its run says, in the order of the addresses.
    func visit(_ body: (_ address: UInt32, _ extra: Int) -> Void) {
        for block in 0..<tableOfBlock.count where tableOfBlock[block] != Self.none {
            for offset in 0..<BlockTable.size {
                let extra = Int(tables[Int(tableOfBlock[block]) * BlockTable.size + offset])
                if extra != 0 { body(UInt32(block * BlockTable.size + offset), extra) }
            }
        }
    }
}
