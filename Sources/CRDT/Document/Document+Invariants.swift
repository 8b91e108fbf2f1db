#if DEBUG
extension Document {
    /// Traps when the document's inner state contradicts itself.
    ///
    /// For tests.
    ///
    /// - Complexity: O(n) for n elements.
    public func checkInvariants() {
        store.checkInvariants()
        for index in 0..<news.count {
            precondition(store.replicas[Int(news[index])].isNews, "News that is not marked as such.")
        }
    }
}

extension ElementStore {
    func checkInvariants() {
        var seen = Set<UInt32>()
        for root in 0..<UInt32(tree.links.rootCount) {
            let top = tree.links.root(root).index
            precondition(tree.nodes[Int(top)].parent == RunTree.none, "The topmost node has a parent.")
            precondition(tree.nodes[Int(top)].root == root, "The topmost node is of another root.")
            let visible = checkNode(top, &seen)
            precondition(visible == Int(tree.links.root(root).visible), "A root's count is not the sum of its leaves.")
        }
        var total = 0
        var placed = 0
        for replica in 0..<replicas.count {
            let record = replicas[replica]
            total += Int(record.nextCounter)
            precondition(record.lamportEnd <= clock, "A replica's Lamport timestamps are above the clock.")
            for counter in 0..<record.nextCounter {
                let address = replicas.address(of: counter, by: replica)
                if address >= Self.firstAddressOfSets { continue }
                placed += 1
                precondition(blocks.owner(of: address) == replica, "An address belongs to someone else.")
                precondition(blocks.counter(of: address) == counter, "Address and counter disagree.")
            }
        }
        for replica in 0..<replicas.count { checkClaim(replicas[replica]) }
        precondition(seen.count == placed, "An element is in no run.")
        precondition(elementCount == total, "The number of elements is wrong.")
        checkCursor()
        checkContainers()
        checkLists()
    }

    /// The rest of the block that a replica writes in is claimed as a whole.
    private func checkClaim(_ record: ReplicaRecord) {
        let address = record.freeAddress
        guard record.hasSegment, address & 63 != 0, address < Self.firstAddressOfSets else { return }
        for other in address..<(address | 63) + 1 {
            precondition(
                blocks.leaf(of: other) == blocks.leaf(of: address),
                "Only a part of a block's rest is claimed."
            )
        }
    }

    private func checkContainers() {
        for number in 0..<UInt32(containers.count) {
            let record = containers[number]
            if record.sequence != ContainerRecord.none {
                precondition(record.kind != .map, "A map has a sequence.")
                precondition(containers.container(ofSequence: record.sequence) == number, "A sequence is another's.")
            }
            guard record.parent != ContainerRecord.none else { continue }
            precondition(record.depth == containers[record.parent].depth + 1, "A container's depth is wrong.")
            precondition(
                containers.nested(in: record.holderReplica, record.holderCounter) == number,
                "A container is not found by its element."
            )
        }
    }

    /// Each item is at its place of the highest rank, and nowhere else; it is visible unless it was deleted.
    private func checkLists() {
        for number in 0..<UInt32(containers.count) where containers[number].kind == .list {
            let root = containers[number].sequence
            if root == ContainerRecord.none { continue }
            var leaf = tree.firstLeaf(of: root)
            while leaf != RunTree.none {
                for index in 0..<tree.count(of: leaf) {
                    let run = tree.runs[RunTree.run(leaf, index)]
                    for address in run.address..<run.end { checkElement(address, isDead: run.isDead) }
                }
                leaf = tree.nextLeaf(leaf)
            }
        }
    }

    private func checkElement(_ address: UInt32, isDead: Bool) {
        precondition(values.isList(address), "An element of text is in a list.")
        let item = item(at: address)
        if case .move = values[item] { preconditionFailure("The item of a move is a move.") }
        let place = place(ofItem: item)
        if place != address {
            precondition(isDead, "An item is in two places.")
            precondition(rank(of: address) < rank(of: place), "An item is not at its newest place.")
        }
        let extra = extra(of: item)
        if place == address, extra != 0 { precondition(isDead == (extra > 0), "A count of deletions is wrong.") }
    }

    private func checkNode(_ node: UInt32, _ seen: inout Set<UInt32>) -> Int {
        let header = tree.nodes[Int(node)]
        precondition(header.count > 0 && Int(header.count) <= RunTree.fanOut, "A node is empty or overfull.")
        var sum = 0
        for slot in 0..<Int(header.count) {
            let child = tree.links[RunTree.child(node, slot)]
            let visible: Int
            if header.level == 0 {
                precondition(
                    tree.leaves[Int(child.index)].parent == RunTree.link(node, slot),
                    "A leaf's link is stale."
                )
                visible = checkLeaf(child.index, &seen)
            } else {
                precondition(tree.nodes[Int(child.index)].parent == RunTree.link(node, slot), "A node's link is stale.")
                precondition(tree.nodes[Int(child.index)].level + 1 == header.level, "Levels are skipped.")
                visible = checkNode(child.index, &seen)
            }
            precondition(visible == Int(child.visible), "A child's count is wrong.")
            sum += visible
        }
        return sum
    }

    private func checkLeaf(_ leaf: UInt32, _ seen: inout Set<UInt32>) -> Int {
        var visible = 0
        let count = tree.count(of: leaf)
        precondition(count > 0 && count <= RunTree.leafCapacity, "A leaf is empty or overfull.")
        for index in 0..<count {
            let run = tree.runs[RunTree.run(leaf, index)]
            precondition(run.length > 0, "A run is empty.")
            for address in run.address..<run.end {
                precondition(seen.insert(address).inserted, "An element is in two runs.")
                precondition(blocks.leaf(of: address) == leaf, "The index names another leaf.")
                precondition(rank(of: address) >= tree.leaves[Int(leaf)].minimum, "The lower bound is none.")
                precondition(address == run.address || blocks.continues(at: address), "A run has elements of two.")
                precondition(
                    blocks.counter(of: address) < replicas[blocks.owner(of: address)].nextCounter,
                    "A run has addresses that were never given out."
                )
            }
            checkPairs(run)
            visible += run.visible
        }
        return visible
    }

    private func checkPairs(_ run: Run) {
        let first = text[Int(run.address)]
        let last = text[Int(run.end) - 1]
        precondition(!UTF16Unit.isLow(first), "A run starts between the halves of a pair.")
        precondition(!UTF16Unit.isHigh(last), "A run ends between the halves of a pair.")
    }

    private func checkCursor() {
        guard cursor.leaf != RunTree.none else { return }
        let start = tree.start(of: cursor.leaf)
        precondition(start.root == cursor.root, "The cursor's leaf is in another root.")
        precondition(start.position == cursor.leafStart, "The cursor's leaf starts elsewhere.")
        var position = start.position
        for index in 0..<cursor.index { position += tree.runs[RunTree.run(cursor.leaf, index)].visible }
        precondition(position == cursor.runStart, "The cursor's run starts elsewhere.")
        precondition(cursor.index < tree.count(of: cursor.leaf), "The cursor is past its leaf.")
        precondition(cursor.offset <= tree.run(at: cursor).length, "The cursor is past its run.")
    }
}
#endif
