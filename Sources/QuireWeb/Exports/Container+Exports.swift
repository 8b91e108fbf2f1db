// Containers by number, lists and maps. Values and contents are bytes.

@_expose(wasm, "root")
@_cdecl("quire_root")
func root(_ handle: Int32, _ kind: Int32, _ count: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        guard let bytes = input.bytes(Int(count)) else { throw .badArgument }
        let kind = try containerKind(kind)
        let name: RootName
        do throws(FormatError) {
            name = try RootName(utf8: bytes)
        } catch {
            throw WebError(error)
        }
        return open.number(of: ContainerID(kind, .root(name)))
    }
}

@_expose(wasm, "nested")
@_cdecl("quire_nested")
func nested(_ handle: Int32, _ kind: Int32, _ low: UInt32, _ high: UInt32, _ counter: UInt32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        let replica = ReplicaID(UInt64(high) << 32 | UInt64(low))
        let element = ElementID(replica: replica, counter: counter)
        let container = ContainerID(try containerKind(kind), .nested(element))
        guard open.document.contains(container) else { throw WebError(EditError.unknownContainer) }
        return open.number(of: container)
    }
}

private func containerKind(_ number: Int32) throws(WebError) -> ContainerKind {
    guard let number = UInt8(exactly: number), let kind = ContainerKind(rawValue: number) else { throw .badArgument }
    return kind
}

@_expose(wasm, "containerName")
@_cdecl("quire_container_name")
func containerName(_ handle: Int32, _ container: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        let container = try open.container(container)
        output.removeAll()
        output.append(container.kind.rawValue)
        switch container.place {
        case .root(let name):
            output.append(0)
            output.append(name.utf8)
        case .nested(let element):
            output.append(1)
            output.append(word: UInt32(truncatingIfNeeded: element.replica.rawValue))
            output.append(word: UInt32(truncatingIfNeeded: element.replica.rawValue >> 32))
            output.append(word: element.counter)
        }
        return Int32(output.count)
    }
}

@_expose(wasm, "roots")
@_cdecl("quire_roots")
func roots(_ handle: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        output.removeAll()
        for container in open.document.roots { output.append(word: UInt32(open.number(of: container))) }
        return Int32(output.count / 4)
    }
}

@_expose(wasm, "content")
@_cdecl("quire_content")
func content(_ handle: Int32, _ container: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        output.removeAll()
        if let content = open.document.content(of: try open.container(container)) { output.append(content) }
        return Int32(output.count)
    }
}

// MARK: Lists

@_expose(wasm, "listSplice")
@_cdecl("quire_list_splice")
func listSplice(_ handle: Int32, _ list: Int32, _ index: Int32, _ deleteCount: Int32, _ count: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        guard let bytes = input.bytes(Int(count)) else { throw .badArgument }
        let list = try open.list(list)
        var reader = ContentReader(bytes)
        let insert = try reader.all()
        let action = ListEdit.Action.splice(index: Int(index), deleteCount: Int(deleteCount), insert: insert)
        try open.perform(.list(ListEdit(list: list, action: action)))
        return 0
    }
}

@_expose(wasm, "listMove")
@_cdecl("quire_list_move")
func listMove(_ handle: Int32, _ list: Int32, _ from: Int32, _ to: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        let list = try open.list(list)
        try open.perform(.list(ListEdit(list: list, action: .move(from: Int(from), to: Int(to)))))
        return 0
    }
}

@_expose(wasm, "listCount")
@_cdecl("quire_list_count")
func listCount(_ handle: Int32, _ list: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in Int32(open.document.count(of: try open.list(list))) }
}

@_expose(wasm, "listValue")
@_cdecl("quire_list_value")
func listValue(_ handle: Int32, _ list: Int32, _ index: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        answer(open.document.value(at: Int(index), in: try open.list(list)), &open)
    }
}

@_expose(wasm, "listRead")
@_cdecl("quire_list_read")
func listRead(_ handle: Int32, _ list: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        let values = open.document.values(of: try open.list(list))
        output.removeAll()
        for value in values { output.append(value, &open) }
        return Int32(values.count)
    }
}

// MARK: Maps

@_expose(wasm, "mapSet")
@_cdecl("quire_map_set")
func mapSet(_ handle: Int32, _ map: Int32, _ keyCount: Int32, _ count: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        guard keyCount >= 0, count >= keyCount, let bytes = input.bytes(Int(count)) else { throw .badArgument }
        let map = try open.map(map)
        var reader = ContentReader(bytes, from: Int(keyCount))
        let content = try reader.last()
        try open.perform(.map(MapEdit(map: map, key: Array(bytes[..<Int(keyCount)]), content: content)))
        return 0
    }
}

@_expose(wasm, "mapUnset")
@_cdecl("quire_map_unset")
func mapUnset(_ handle: Int32, _ map: Int32, _ keyCount: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        guard let key = input.bytes(Int(keyCount)) else { throw .badArgument }
        try open.perform(.map(MapEdit(map: try open.map(map), key: key, content: nil)))
        return 0
    }
}

@_expose(wasm, "mapValue")
@_cdecl("quire_map_value")
func mapValue(_ handle: Int32, _ map: Int32, _ keyCount: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        guard let key = input.bytes(Int(keyCount)) else { throw .badArgument }
        return answer(open.document.value(for: key, in: try open.map(map)), &open)
    }
}

@_expose(wasm, "mapKeys")
@_cdecl("quire_map_keys")
func mapKeys(_ handle: Int32, _ map: Int32) -> Int32 {
    documents.with(handle) { (open) throws(WebError) in
        let keys = open.document.keys(of: try open.map(map))
        output.removeAll()
        for key in keys {
            output.append(varint: key.count)
            output.append(key)
        }
        return Int32(keys.count)
    }
}

private func answer(_ value: Value?, _ open: inout OpenDocument) -> Int32 {
    output.removeAll()
    if let value { output.append(value, &open) }
    return Int32(output.count)
}
