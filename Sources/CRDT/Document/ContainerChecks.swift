/// The containers that edits which are being checked name, numbered in the order in which they come.
struct ContainerChecks {
    private var numbers = NumberTable()
    private var names = NameTable()
    private var count = 0
    /// How many of them are roots that are not there yet.
    private(set) var newRootCount = 0

    init() {}

    /// The number of a container; a nested one must be there.
    mutating func number(
        of kind: ContainerKind,
        _ place: ContainerPlace,
        in store: borrowing ElementStore
    ) throws(EditError) -> Int {
        let key: UInt64
        let known = store.container(kind, place)
        if let known {
            key = UInt64(known)
        } else {
            guard case .root(let name) = place else { throw .unknownContainer }
            key = 1 << 63 | UInt64(kind.rawValue) << 32 | UInt64(names.insert(name.utf8))
        }
        if let number = numbers[key] { return Int(number) }
        if known == nil { newRootCount += 1 }
        numbers[key] = UInt32(count)
        count += 1
        return count - 1
    }
}
