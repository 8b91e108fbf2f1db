/// A document that the host holds, and what the exports keep beside it.
struct OpenDocument: ~Copyable {
    var document: Document
    /// The containers that the host, a value or a patch has named: their index is what the exports call them.
    private(set) var containers: [ContainerID] = []
    /// Their names as bytes, numbered likewise.
    private var names = NameTable()
    /// The texts' handles by container number; `nil` until something was inserted.
    private var handles: [TextHandle?] = []
    /// The text that was edited last: typing goes through no array.
    private var recentNumber: Int32 = -1
    private var recentHandle: TextHandle?
    /// The local changes that the host has not taken yet.
    var outbox = ChangeBuffer()
    /// What the bytes did that are being received; kept between calls for its memory.
    var patches = PatchBuffer(joining: true)

    init(_ document: consuming Document) {
        self.document = document
    }

    deinit {}

    /// The number of a container, which is given one when it has none; it has it for as long as the document is open.
    mutating func number(of container: ContainerID) -> Int32 {
        var name = [container.kind.rawValue]
        switch container.place {
        case .root(let root): name += root.utf8
        case .nested(let element):
            name[0] |= 0x80
            name.appendVarint(element.replica.rawValue)
            name.appendLittleEndian(element.counter)
        }
        let number = names.insert(name)
        if Int(number) == containers.count {
            containers.append(container)
            handles.append(nil)
        }
        return Int32(number)
    }

    /// The container of a number that came from the host.
    func container(_ number: Int32) throws(WebError) -> ContainerID {
        guard number >= 0, Int(number) < containers.count else { throw .badContainer }
        return containers[Int(number)]
    }

    func text(_ number: Int32) throws(WebError) -> TextID {
        guard case .text(let text) = try container(number) else { throw .badContainer }
        return text
    }

    func list(_ number: Int32) throws(WebError) -> ListID {
        guard case .list(let list) = try container(number) else { throw .badContainer }
        return list
    }

    func map(_ number: Int32) throws(WebError) -> MapID {
        guard case .map(let map) = try container(number) else { throw .badContainer }
        return map
    }

    /// The handle of a text; `nil` when nothing was ever inserted into it, or when the number is none of a text.
    @inline(__always)
    mutating func handle(_ number: Int32) -> TextHandle? {
        number == recentNumber ? recentHandle : otherHandle(number)
    }

    @inline(never)
    private mutating func otherHandle(_ number: Int32) -> TextHandle? {
        guard number >= 0, Int(number) < handles.count else { return nil }
        let index = Int(number)
        if handles[index] == nil, case .text(let text) = containers[index] {
            handles[index] = document.textHandle(text)
        }
        guard let handle = handles[index] else { return nil }
        (recentNumber, recentHandle) = (number, handle)
        return handle
    }

    /// Makes edits, as one change or as a part of the open transaction.
    @inline(never)
    mutating func perform(_ edit: Edit) throws(WebError) {
        do throws(EditError) {
            if let change = try document.edit([edit]) { outbox.append(change) }
        } catch {
            throw WebError(error)
        }
    }
}
