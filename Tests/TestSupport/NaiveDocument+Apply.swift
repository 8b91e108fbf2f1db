extension NaiveDocument {
    /// What makes a change impossible: a find, because the engine made it.
    public struct Misfit: Error {
        /// What is wrong.
        public var reason: String
    }

    /// Applies a change whose dependencies are there and that is its author's next.
    public mutating func apply(_ bytes: [UInt8]) throws {
        var reader = NaiveChangeReader(bytes)
        try reader.readHeader()
        let author = authors.firstIndex { $0.replica == reader.replica } ?? authors.count
        if author == authors.count { authors.append(Author(replica: reader.replica)) }
        guard authors[author].changes == reader.sequence else { throw Misfit(reason: "not the next change") }
        for (replica, count) in reader.dependencies
        where (authors.first { $0.replica == replica }?.changes ?? 0) < count {
            throw Misfit(reason: "a dependency is missing")
        }
        authors[author].changes += 1
        authors[author].lamportEnd += reader.advance
        let changes = try reader.readOperations(firstCounter: authors[author].elements)
        for operation in changes { try apply(operation, by: author) }
    }

    private mutating func apply(_ operation: NaiveOperation, by author: Int) throws {
        switch operation {
        case .insert(let start, let payloads):
            var (container, place) = try position(of: start)
            for payload in payloads {
                let element = element(payload, by: author)
                while place < containers[container].elements.count,
                    containers[container].elements[place].outranks(element)
                {
                    place += 1
                }
                containers[container].elements.insert(element, at: place)
                place += 1
                make(payload, element.name)
            }
        case .set(let home, let key, let value):
            let container = try open(home, kind: .map)
            var payload = Payload.set(key, nil)
            if let value { payload = .set(key, try existing(value)) }
            let element = element(payload, by: author)
            containers[container].elements.append(element)
            if case .new = value { make(payload, element.name) }
        case .delete(let first, let count):
            for offset in 0..<count {
                try addDeletes(1, to: Name(replica: first.replica, counter: first.counter + offset))
            }
        case .restore(let first, let payloads):
            for (offset, payload) in payloads.enumerated() {
                let name = Name(replica: first.replica, counter: first.counter + UInt32(offset))
                try addDeletes(-1, to: name)
                guard let place = place(of: name) else { continue }
                let kept = containers[place.container].elements[place.element].payload
                guard let payload, payload != kept else { continue }
                throw Misfit(reason: "what is restored is not what was deleted")
            }
        }
    }

    /// The next element of a replica.
    private mutating func element(_ payload: Payload, by author: Int) -> Element {
        let name = Name(replica: authors[author].replica, counter: authors[author].elements)
        let element = Element(name: name, lamport: authors[author].lamportEnd, payload: payload)
        authors[author].elements += 1
        authors[author].lamportEnd += 1
        return element
    }

    private mutating func addDeletes(_ change: Int, to name: Name) throws {
        guard let place = place(of: name) else { throw Misfit(reason: "no such element") }
        switch containers[place.container].elements[place.element].payload {
        case .unit, .item: containers[place.container].elements[place.element].deletes += change
        case .move, .set: throw Misfit(reason: "moves and sets are never deleted")
        }
    }

    /// Where the search for the place of an inserted element begins.
    private mutating func position(of start: NaiveOperation.Start) throws -> (container: Int, place: Int) {
        switch start {
        case .container(let home, let kind): return (try open(home, kind: kind), 0)
        case .after(let name):
            guard let place = place(of: name) else { throw Misfit(reason: "no such origin") }
            return (place.container, place.element + 1)
        case .startOfListWith(let name):
            guard let place = place(of: name) else { throw Misfit(reason: "no such item") }
            return (place.container, 0)
        }
    }

    /// A root appears when it is first written to; a nested container is there from its element on.
    private mutating func open(_ home: Home, kind: Kind) throws -> Int {
        if let known = index(of: home) {
            guard containers[known].kind == kind else { throw Misfit(reason: "a container of another kind") }
            return known
        }
        guard case .root = home else { throw Misfit(reason: "no such container") }
        containers.append(Container(home: home, kind: kind))
        return containers.count - 1
    }

    private mutating func make(_ payload: Payload, _ name: Name) {
        switch payload {
        case .item(.container(let kind, name)), .set(_, .container(let kind, name)):
            containers.append(Container(home: .element(name), kind: kind))
        default: break
        }
    }

    private func existing(_ value: NaiveOperation.SetValue) throws -> Value {
        switch value {
        case .plain(let value), .new(let value): return value
        case .existing(let name):
            guard let index = index(of: .element(name)) else { throw Misfit(reason: "no such container") }
            return .container(containers[index].kind, name)
        }
    }
}
