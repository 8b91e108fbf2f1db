extension ChangeResolver {
    mutating func set(
        _ target: Operation.Target,
        _ bytes: [UInt8],
        _ key: Range<Int>,
        _ value: WireValue,
        _ store: borrowing ElementStore
    ) throws(ChangeError) {
        var operation = ResolvedOperation(kind: .set)
        operation.target = try self.target(target, .map, bytes, store)
        let name = Array(bytes[key])
        operation.start = UInt32(values.count)
        if case .existing(let reference) = value {
            append(.stored(.container(try existing(reference, operation.target, name, store))))
        } else {
            let resolved = try resolve(value, bytes)
            if case .new(let kind) = resolved {
                try appendContainer(kind, depth: depth(of: operation.target, store) + 1, holder: nextCounter)
            }
            append(resolved)
        }
        operation.key = append(key: name)
        appendElements(1, .set, in: operation.target)
        append(operation)
    }

    /// A container is only ever at the key that it was created at: so none is in two places, or in itself.
    private func existing(
        _ reference: Operation.Reference,
        _ target: ResolvedTarget,
        _ key: [UInt8],
        _ store: borrowing ElementStore
    ) throws(ChangeError) -> UInt32 {
        let holder = try element(reference, store, or: .unknownContainer)
        guard !holder.isPending, let number = store.containers.nested(in: UInt32(owner(of: holder)), holder.counter)
        else { throw .unknownContainer }
        let record = store.containers[number]
        guard record.parent == target.container, store.containers[record.parent].kind == .map,
            store.maps.keys[Int(record.slot)] == key
        else { throw .wrongKind }
        return number
    }

    func resolve(_ value: WireValue, _ bytes: [UInt8]) throws(ChangeError) -> ResolvedValue {
        switch value {
        case .null: return .stored(.null)
        case .bool(let bool): return .stored(.bool(bool))
        case .number(let number): return .stored(.number(number))
        case .string(let range): return .stored(.string(Array(bytes[range])))
        case .bytes(let range): return .stored(.bytes(Array(bytes[range])))
        case .new(let kind): return .new(kind)
        case .unset: return .unset
        case .existing, .kept: throw .format(.invalid)
        }
    }

    // MARK: Restoring

    mutating func restore(
        _ reference: Operation.Reference,
        _ bytes: [UInt8],
        _ text: Range<Int>,
        _ store: borrowing ElementStore
    ) throws(ChangeError) {
        let first = try element(reference, store, or: .unknownElement)
        let start = restoredUnits.count
        let count = try appendRestoredUnits(bytes, text)
        let last = try self.last(of: first, UInt32(count), store)
        guard !last.isPending else { throw .unknownElement }
        let owner = owner(of: first)
        for offset in 0..<count {
            let counter = first.counter + UInt32(offset)
            guard store.kind(of: counter, by: owner) == .text else { throw .wrongKind }
            let address = store.replicas.address(of: counter, by: owner)
            let known = store.text[Int(address)]
            let unit = restoredUnits[start + offset]
            if known != unit, !store.isDropped(address, replacedBy: unit) { throw .contentMismatch }
        }
        if UTF16Unit.isLow(restoredUnits[start]) { throw .splitsSurrogatePair }
        append(
            ResolvedOperation(
                kind: .restoreText,
                replica: first.replica,
                counter: first.counter,
                count: UInt32(count),
                start: UInt32(start)
            )
        )
    }

    mutating func restore(
        _ reference: Operation.Reference,
        _ bytes: [UInt8],
        _ items: [WireValue],
        _ store: borrowing ElementStore
    ) throws(ChangeError) {
        let first = try element(reference, store, or: .unknownElement)
        let last = try self.last(of: first, UInt32(items.count), store)
        guard !last.isPending else { throw .unknownElement }
        let owner = owner(of: first)
        let start = values.count
        for (offset, item) in items.enumerated() {
            let counter = first.counter + UInt32(offset)
            guard store.kind(of: counter, by: owner) == .item else { throw .wrongKind }
            let known = store.values[store.replicas.address(of: counter, by: owner)]
            if case .kept = item {
                guard case .container = known else { throw .contentMismatch }
                append(.stored(known))
                continue
            }
            let value = try resolve(item, bytes)
            guard case .stored(let stored) = value, known == stored || known == .dropped
            else { throw .contentMismatch }
            append(value)
        }
        append(
            ResolvedOperation(
                kind: .restoreItems,
                replica: first.replica,
                counter: first.counter,
                count: UInt32(items.count),
                start: UInt32(start)
            )
        )
    }
}
