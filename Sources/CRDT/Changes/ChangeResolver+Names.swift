/// An element that a change names: one that the document has, or one that the change inserts itself.
struct ResolvedElement {
    /// The number of its replica; `ResolvedOperation.author` when it is the change's own author.
    var replica: UInt32
    var counter: UInt32
    var kind: ElementKind
    /// Whether the change inserts it itself.
    var isPending: Bool
}

extension ChangeResolver {
    /// Finds an element, which must exist.
    func element(
        _ reference: Operation.Reference,
        _ store: borrowing ElementStore,
        or error: ChangeError
    ) throws(ChangeError) -> ResolvedElement {
        switch reference {
        case .own(let distance):
            guard let counter = own(distance) else { throw error }
            let isPending = counter >= firstCounter
            let kind: ElementKind
            if isPending {
                kind = pendingElement(counter).kind
            } else {
                guard let author else { throw error }
                kind = store.kind(of: counter, by: author)
            }
            return ResolvedElement(
                replica: ResolvedOperation.author,
                counter: counter,
                kind: kind,
                isPending: isPending
            )
        case .other(let replica, let counter):
            guard let index = store.replicas.index(of: replica), counter < store.replicas[index].nextCounter
            else { throw error }
            let kind = store.kind(of: counter, by: index)
            return ResolvedElement(replica: UInt32(index), counter: counter, kind: kind, isPending: false)
        }
    }

    /// The replica's number of an element that the document has.
    func owner(of element: ResolvedElement) -> Int {
        element.replica == ResolvedOperation.author ? author ?? 0 : Int(element.replica)
    }

    /// The address of an element that the document has and that has one.
    func address(of element: ResolvedElement, _ store: borrowing ElementStore) -> UInt32 {
        store.replicas.address(of: element.counter, by: owner(of: element))
    }

    /// The unit of an element of text.
    func unit(of element: ResolvedElement, _ store: borrowing ElementStore) -> UInt16 {
        if element.isPending { return units[Int(element.counter - firstCounter)] }
        return store.text[Int(address(of: element, store))]
    }

    /// The list that an element is in.
    func list(of element: ResolvedElement, _ store: borrowing ElementStore) -> ResolvedTarget {
        if element.isPending { return pendingElement(element.counter).target }
        return ResolvedTarget(container: store.container(of: address(of: element, store)))
    }

    /// Finds a container, which must be of a kind.
    mutating func target(
        _ target: Operation.Target,
        _ kind: ContainerKind,
        _ bytes: [UInt8],
        _ store: borrowing ElementStore
    ) throws(ChangeError) -> ResolvedTarget {
        switch target {
        case .root(let name): return try self.target(ofRoot: Array(bytes[name]), kind, store)
        case .nested(let reference):
            let holder = try element(reference, store, or: .unknownContainer)
            if holder.isPending {
                guard let container = pendingContainer(holder.counter) else { throw .unknownContainer }
                guard container.kind == kind else { throw .wrongKind }
                return ResolvedTarget(holder: holder.counter)
            }
            guard let number = store.containers.nested(in: UInt32(owner(of: holder)), holder.counter)
            else { throw .unknownContainer }
            guard store.containers[number].kind == kind else { throw .wrongKind }
            return ResolvedTarget(container: number)
        }
    }

    /// How deep a container is: 1 for a root.
    func depth(of target: ResolvedTarget, _ store: borrowing ElementStore) -> Int {
        if target.container != ContainerRecord.none { return Int(store.containers[target.container].depth) }
        if target.name != ContainerRecord.none { return 1 }
        return pendingContainer(target.holder)?.depth ?? 1
    }

    /// What is inserted after another's element is newer than that.
    func checkAge(of origin: ResolvedElement, _ store: borrowing ElementStore) throws(ChangeError) {
        if origin.replica == ResolvedOperation.author { return }
        guard store.replicas.lamport(of: origin.counter, by: Int(origin.replica)) < lamport + UInt64(units.count)
        else { throw .lamportTooSmall }
    }
}
