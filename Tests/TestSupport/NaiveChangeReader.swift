/// One operation of a change, every element by name.
enum NaiveOperation {
    enum Start {
        case container(NaiveDocument.Home, NaiveDocument.Kind)
        case after(NaiveDocument.Name)
        case startOfListWith(NaiveDocument.Name)
    }

    enum SetValue {
        case plain(NaiveDocument.Value)
        case new(NaiveDocument.Value)
        case existing(NaiveDocument.Name)
    }

    case insert(Start, [NaiveDocument.Payload])
    case set(NaiveDocument.Home, key: [UInt8], SetValue?)
    case delete(NaiveDocument.Name, count: UInt32)
    /// `nil` stands for a container that its item keeps.
    case restore(NaiveDocument.Name, [NaiveDocument.Payload?])
}

/// Reads a change from its bytes as `FORMAT.md` says, and traps on what it does not say: only the engine writes for it.
struct NaiveChangeReader {
    private let bytes: [UInt8]
    private var position = 0
    private var shape: UInt8 = 0
    /// The replicas that operations name by number.
    private var numbered: [UInt64] = []
    /// The counter that the author's next element gets.
    private var next: UInt32 = 0

    private(set) var replica: UInt64 = 0
    private(set) var sequence: UInt64 = 0
    private(set) var dependencies: [(replica: UInt64, count: UInt64)] = []
    private(set) var advance: UInt64 = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func readHeader() throws {
        let head = byte()
        guard head >> 4 == 0b1001 else { throw NaiveDocument.Misfit(reason: "not a change of version 1") }
        shape = head & 3
        let number = varint()
        sequence = number >> 3
        replica = number & 7 == 7 ? varint() : number & 7
        if head & 8 != 0 {
            var least: UInt64 = 0
            for _ in 0..<varint() {
                let replica = least + varint()
                dependencies.append((replica, varint()))
                least = replica &+ 1
            }
        }
        if head & 4 != 0 { advance = varint() }
        numbered = dependencies.map(\.replica)
    }

    mutating func readOperations(firstCounter: UInt32) throws -> [NaiveOperation] {
        next = firstCounter
        switch shape {
        case 1:
            let unit = UInt16(byte())
            let origin = own(distance: 1)
            next += 1
            return [.insert(.after(origin), [.unit(unit)])]
        case 3: return [.delete(own(distance: UInt32(varint())), count: 1)]
        default:
            var operations: [NaiveOperation] = []
            for _ in 0..<(shape == 0 ? varint() : 1) { operations.append(try operation()) }
            let checksum = position < 64 ? 1 : 4
            guard position + checksum == bytes.count else { throw NaiveDocument.Misfit(reason: "bytes are left") }
            return operations
        }
    }

    // MARK: Operations

    private mutating func operation() throws -> NaiveOperation {
        let tag = byte()
        switch tag & 3 {
        case 0:
            let start = start(tag, kind: .text)
            let count = tag >> 4 == 0 ? Int(varint()) : Int(tag >> 4)
            let units = units(count)
            next += UInt32(units.count)
            return .insert(start, units)
        case 1:
            let first = tag & 4 == 0 ? own(distance: UInt32(varint())) : other()
            return .delete(first, count: tag >> 3 == 0 ? UInt32(varint()) : UInt32(tag >> 3))
        case 2:
            let start = start(tag, kind: .list)
            let count = tag >> 4 == 0 ? Int(varint()) : Int(tag >> 4)
            var items: [NaiveDocument.Payload] = []
            for _ in 0..<count {
                guard case .plain(let value)? = try value() else { throw NaiveDocument.Misfit(reason: "no item") }
                items.append(.item(value))
                next += 1
            }
            return .insert(start, items)
        default: return try special(code: tag >> 2)
        }
    }

    private mutating func special(code: UInt8) throws -> NaiveOperation {
        switch code {
        case 0:
            let length = Int(varint())
            let home: NaiveDocument.Home = length == 0 ? .element(reference()) : .root(.map, take(length))
            let key = take(Int(varint()))
            guard let read = try value() else { throw NaiveDocument.Misfit(reason: "a kept container in a set") }
            var value: NaiveOperation.SetValue?
            switch read {
            case .plain(.container(let kind, let name)): value = .new(.container(kind, name))
            case .plain(let plain): value = .plain(plain)
            case .existing(let name): value = .existing(name)
            case .nothing: break
            }
            next += 1
            return .set(home, key: key, value)
        case 1:
            let item = reference()
            let origin: NaiveOperation.Start = varint() == 0 ? .startOfListWith(item) : .after(reference())
            next += 1
            return .insert(origin, [.move(of: item)])
        case 2:
            let first = reference()
            return .restore(first, units(Int(varint())))
        case 3:
            let first = reference()
            var items: [NaiveDocument.Payload?] = []
            for _ in 0..<varint() {
                switch try value() {
                case nil: items.append(nil)
                case .plain(let value)?: items.append(.item(value))
                default: throw NaiveDocument.Misfit(reason: "no item")
                }
            }
            return .restore(first, items)
        default: throw NaiveDocument.Misfit(reason: "an operation of code \(code)")
        }
    }

    private mutating func start(_ tag: UInt8, kind: NaiveDocument.Kind) -> NaiveOperation.Start {
        switch tag >> 2 & 3 {
        case 0: return .after(own(distance: 1))
        case 1:
            let length = Int(varint())
            return .container(length == 0 ? .element(reference()) : .root(kind, take(length)), kind)
        case 2: return .after(own(distance: UInt32(varint())))
        default: return .after(other())
        }
    }

    private enum ReadValue {
        case plain(NaiveDocument.Value)
        case existing(NaiveDocument.Name)
        case nothing
    }

    /// A value; `nil` is a kept container.
    private mutating func value() throws -> ReadValue? {
        let tag = byte()
        switch tag {
        case 0: return .plain(.null)
        case 1, 2: return .plain(.bool(tag == 2))
        case 3:
            let number = varint()
            return .plain(.number(Double(Int64(bitPattern: number >> 1) ^ -Int64(number & 1))))
        case 4:
            let bits = take(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return .plain(.number(Double(bitPattern: bits)))
        case 5: return .plain(.string(take(Int(varint()))))
        case 6: return .plain(.bytes(take(Int(varint()))))
        case 7...9:
            let kinds: [NaiveDocument.Kind] = [.text, .list, .map]
            return .plain(.container(kinds[Int(tag) - 7], own(distance: 0)))
        case 10: return .nothing
        case 11: return .existing(reference())
        case 12: return nil
        default: throw NaiveDocument.Misfit(reason: "a value with tag \(tag)")
        }
    }

    // MARK: Parts

    private func own(distance: UInt32) -> NaiveDocument.Name {
        NaiveDocument.Name(replica: replica, counter: next - distance)
    }

    private mutating func other() -> NaiveDocument.Name {
        let number = Int(varint())
        if number == 0 { numbered.append(varint()) }
        let replica = numbered[number == 0 ? numbered.count - 1 : number - 1]
        return NaiveDocument.Name(replica: replica, counter: UInt32(varint()))
    }

    private mutating func reference() -> NaiveDocument.Name {
        let distance = varint()
        return distance == 0 ? other() : own(distance: UInt32(distance))
    }

    private mutating func units(_ byteCount: Int) -> [NaiveDocument.Payload] {
        String(decoding: take(byteCount), as: UTF8.self).utf16.map { .unit($0) }
    }

    private mutating func take(_ count: Int) -> [UInt8] {
        position += count
        return Array(bytes[position - count..<position])
    }

    private mutating func byte() -> UInt8 {
        position += 1
        return bytes[position - 1]
    }

    private mutating func varint() -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = byte()
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return value }
            shift += 7
        }
    }
}
