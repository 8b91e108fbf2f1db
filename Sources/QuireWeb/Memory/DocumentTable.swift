/// The documents that the host holds, by handle.
///
/// A handle is 12 bits of index below 19 bits of generation, so that a freed one is recognised; it is always positive. The
/// documents stay where they are for as long as they live. With ``Buffer`` the place of this target's unsafe code.
@safe
struct DocumentTable: ~Copyable {
    @safe
    private struct Slot {
        var document: UnsafeMutablePointer<OpenDocument>?
        /// 1...maximumGeneration; the generation of the handle that was given out last.
        var generation: Int32
    }

    static var maximumCount: Int { 4096 }
    private static var indexBits: Int32 { 12 }
    private static var maximumGeneration: Int32 { (1 << 19) - 1 }

    private var slots: UnsafeMutablePointer<Slot>?
    private var capacity: Int
    private var used: Int
    /// How many documents are open.
    private(set) var count: Int

    /// Nothing is allocated yet: a constant, so that the module's table needs no initialisation at run time.
    init() {
        unsafe slots = nil
        capacity = 0
        used = 0
        count = 0
    }

    deinit {
        unsafe slots?.deallocate()
    }

    /// Keeps a document; `nil` when there are too many.
    mutating func insert(_ document: consuming OpenDocument) -> Int32? {
        guard let index = freeIndex() else { return nil }
        guard let slots = unsafe slots else { return nil }
        let place = UnsafeMutablePointer<OpenDocument>.allocate(capacity: 1)
        unsafe place.initialize(to: document)
        let old = unsafe slots[index].generation
        let generation = old == Self.maximumGeneration ? 1 : old + 1
        unsafe slots[index] = Slot(document: place, generation: generation)
        count += 1
        return generation << Self.indexBits | Int32(index)
    }

    /// Frees the document of a handle; false when there is none.
    mutating func remove(_ handle: Int32) -> Bool {
        guard let place = unsafe place(of: handle) else { return false }
        unsafe place.deinitialize(count: 1)
        unsafe place.deallocate()
        unsafe slots?[Int(handle & ((1 << Self.indexBits) - 1))].document = nil
        count -= 1
        return true
    }

    /// Calls `body` with the document of a handle; ``WebError/badHandle`` when there is none.
    @inline(__always)
    func with(_ handle: Int32, _ body: (inout OpenDocument) throws(WebError) -> Int32) -> Int32 {
        guard let place = unsafe place(of: handle) else { return WebError.badHandle.result }
        do throws(WebError) {
            return try unsafe body(&place.pointee)
        } catch {
            return error.result
        }
    }

    @inline(__always)
    private func place(of handle: Int32) -> UnsafeMutablePointer<OpenDocument>? {
        let index = Int(handle & ((1 << Self.indexBits) - 1))
        guard index < used, let slots = unsafe slots else { return nil }
        let slot = unsafe slots[index]
        return unsafe slot.generation == handle >> Self.indexBits ? slot.document : nil
    }

    private mutating func freeIndex() -> Int? {
        if count < used, let slots = unsafe slots {
            for index in 0..<used where unsafe slots[index].document == nil { return index }
        }
        guard used < Self.maximumCount else { return nil }
        if used == capacity { grow() }
        unsafe slots?[used] = Slot(document: nil, generation: 0)
        used += 1
        return used - 1
    }

    private mutating func grow() {
        let larger = max(16, capacity * 2)
        let memory = UnsafeMutablePointer<Slot>.allocate(capacity: larger)
        if let slots = unsafe slots {
            unsafe memory.moveInitialize(from: slots, count: used)
            unsafe slots.deallocate()
        }
        unsafe slots = memory
        capacity = larger
    }
}
