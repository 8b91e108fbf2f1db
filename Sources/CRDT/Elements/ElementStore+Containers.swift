/// What an element is.
enum ElementKind: UInt8, BitwiseCopyable, Sendable {
    /// A UTF-16 code unit of a text.
    case text
    /// An item of a list, where it was inserted.
    case item
    /// A later place of an item of a list.
    case move
    /// The setting or unsetting of a key of a map.
    case set
}

extension ElementStore {
    /// Elements that are nowhere in the tree, those of maps, have addresses from here on, which belong to no block.
    static let firstAddressOfSets: UInt32 = 0x8000_0000

    // MARK: Kinds of elements

    /// What an element is.
    ///
    /// - Precondition: it exists.
    @inline(__always)
    func kind(of counter: UInt32, by replica: Int) -> ElementKind {
        kind(at: replicas.address(of: counter, by: replica))
    }

    @inline(__always)
    func kind(at address: UInt32) -> ElementKind {
        if address >= Self.firstAddressOfSets { return .set }
        return values.isList(address) ? listKind(at: address) : .text
    }

    private func listKind(at address: UInt32) -> ElementKind {
        if case .move = values[address] { return .move }
        return .item
    }

    /// What an element is, and the counter from which on the replica's elements may be something else.
    func kinds(from counter: UInt32, by replica: Int) -> (kind: ElementKind, end: UInt32) {
        let address = replicas.address(of: counter, by: replica)
        let left = replicas.contiguousCount(from: counter, by: replica)
        let kind = kind(at: address)
        switch kind {
        case .set: return (kind, counter + UInt32(left))
        case .text: return (kind, counter + UInt32(min(left, BlockTable.size - Int(address & 63))))
        case .item, .move: return (kind, counter + 1)
        }
    }

    /// Whether a deleted unit of text is not known any more, and `unit` can be what it was.
    ///
    /// Of dropped text only where its surrogate pairs are is known. A pair is in one segment, so its halves are neighbours.
    func isDropped(_ address: UInt32, replacedBy unit: UInt16) -> Bool {
        let isKnownAsDropped: Bool
        switch text[Int(address)] {
        case 0: isKnownAsDropped = !UTF16Unit.isSurrogate(unit)
        case 0xD800:
            isKnownAsDropped = UTF16Unit.isHigh(unit) && text[Int(address) + 1] == 0xDC00
        case 0xDC00:
            isKnownAsDropped = UTF16Unit.isLow(unit) && text[Int(address) - 1] == 0xD800
        default: return false
        }
        guard isKnownAsDropped else { return false }
        return tree.run(at: gap(after: address)).isDead
    }

    // MARK: Names of containers

    /// The number of a container; `nil` for a root that nothing was ever put into, and for what is none.
    @inline(__always)
    func container(_ kind: ContainerKind, _ place: ContainerPlace) -> UInt32? {
        switch place {
        case .root(let name): return containers.root(kind, name)
        case .nested(let holder): return nested(kind, holder)
        }
    }

    private func nested(_ kind: ContainerKind, _ holder: ElementID) -> UInt32? {
        guard let owner = replicas.index(of: holder.replica),
            let number = containers.nested(in: UInt32(owner), holder.counter), containers[number].kind == kind
        else { return nil }
        return number
    }

    func place(of container: UInt32) -> ContainerPlace {
        let record = containers[container]
        if record.parent == ContainerRecord.none { return .root(containers.name(of: container)) }
        let replica = ReplicaID(replicas[Int(record.holderReplica)].id)
        return .nested(ElementID(replica: replica, counter: record.holderCounter))
    }

    func id(of container: UInt32) -> ContainerID {
        ContainerID(containers[container].kind, place(of: container))
    }

    /// The name of the text of one of the tree's roots.
    func textID(ofRoot root: UInt32) -> TextID { TextID(place(of: containers.container(ofSequence: root))) }

    /// The name of the list of one of the tree's roots.
    func listID(ofRoot root: UInt32) -> ListID { ListID(place(of: containers.container(ofSequence: root))) }

    /// The container that an element of a text or a list is in.
    func container(of address: UInt32) -> UInt32 {
        containers.container(ofSequence: tree.root(of: blocks.leaf(of: address)))
    }

    /// A value as others see it.
    func value(_ stored: StoredValue) -> Value {
        switch stored {
        case .null, .move, .dropped: .null
        case .bool(let bool): .bool(bool)
        case .number(let number): .number(number)
        case .string(let utf8): .string(utf8)
        case .bytes(let bytes): .bytes(bytes)
        case .container(let number): .container(id(of: number))
        }
    }
}
