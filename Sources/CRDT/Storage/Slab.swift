/// A growable row of plain values, owned by one place: what every link in the engine is an index into.
///
/// One of the few places with unsafe code in this module. It is not copyable, so no uniqueness is ever checked, and it
/// costs no retain or release: with `Array` in its place the engine takes 1.6 times as long (`reference/engine.md`, 0.3).
/// An index is checked in debug builds; in release builds the tree's invariants keep it in range.
@safe
struct Slab<Element: BitwiseCopyable>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>
    private var capacity: Int
    private(set) var count: Int

    init() {
        unsafe base = UnsafeMutablePointer<Element>.allocate(capacity: 1)
        capacity = 1
        count = 0
    }

    deinit {
        unsafe base.deallocate()
    }

    @inline(__always)
    subscript(_ index: Int) -> Element {
        // Addresses and not values: a field of an element is read and written in its place.
        @inline(__always) unsafeAddress {
            assert(index >= 0 && index < count, "A slab was read out of its bounds.")
            return unsafe UnsafePointer(base + index)
        }
        @inline(__always) unsafeMutableAddress {
            assert(index >= 0 && index < count, "A slab was written out of its bounds.")
            return unsafe base + index
        }
    }

    /// Where an element is, for a type of this folder that passes it on.
    @inline(__always)
    func address(of index: Int) -> UnsafePointer<Element> {
        assert(index >= 0 && index < count, "A slab was read out of its bounds.")
        return unsafe UnsafePointer(base + index)
    }

    @inline(__always)
    mutating func mutableAddress(of index: Int) -> UnsafeMutablePointer<Element> {
        assert(index >= 0 && index < count, "A slab was written out of its bounds.")
        return unsafe base + index
    }

    @inline(__always)
    mutating func append(_ element: Element) {
        if count == capacity { grow(to: count + 1) }
        unsafe (base + count).initialize(to: element)
        count += 1
    }

    mutating func append(repeating element: Element, count added: Int) {
        if count + added > capacity { grow(to: count + added) }
        unsafe (base + count).initialize(repeating: element, count: added)
        count += added
    }

    mutating func popLast() -> Element? {
        if count == 0 { return nil }
        count -= 1
        return unsafe base[count]
    }

    mutating func removeAll() {
        count = 0
    }

    /// Copies `length` elements from one place of the row to another; they may overlap.
    @inline(__always)
    mutating func move(from source: Int, to target: Int, count length: Int) {
        assert(
            source >= 0 && target >= 0 && length >= 0 && max(source, target) + length <= count,
            "A move out of bounds."
        )
        unsafe RowMemory.copy(base + source, to: base + target, byteCount: length * MemoryLayout<Element>.stride)
    }

    /// Overwrites the elements from `index` on with a part of an array.
    mutating func write(_ elements: [Element], _ range: Range<Int>, at index: Int) {
        precondition(range.lowerBound >= 0 && range.upperBound <= elements.count && index >= 0)
        precondition(index + range.count <= count, "A write out of bounds.")
        let target = unsafe base + index
        unsafe elements.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress, !range.isEmpty else { return }
            let byteCount = range.count * MemoryLayout<Element>.stride
            unsafe RowMemory.copy(start + range.lowerBound, to: target, byteCount: byteCount)
        }
    }

    /// Appends a part of the row to an array.
    func read(_ range: Range<Int>, into elements: inout [Element]) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "A read out of bounds.")
        unsafe elements.append(contentsOf: UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    /// Makes room for exactly that many elements, or more if there is more already.
    mutating func reserve(_ minimum: Int) {
        if minimum > capacity { reallocate(capacity: minimum) }
    }

    /// Small rows double; large ones grow by a quarter, so that at most a fifth of a large document's memory is unused.
    @inline(never)
    private mutating func grow(to minimum: Int) {
        let isLarge = capacity * MemoryLayout<Element>.stride >= Self.largeByteCount
        reallocate(capacity: max(minimum, isLarge ? capacity + capacity / 4 : capacity * 2, 8))
    }

    private static var largeByteCount: Int { 1 << 20 }

    private mutating func reallocate(capacity newCapacity: Int) {
        let stride = MemoryLayout<Element>.stride
        let larger = unsafe RowMemory.grow(base, byteCount: count * stride, to: newCapacity * stride)
        unsafe base = larger.bindMemory(to: Element.self, capacity: newCapacity)
        capacity = newCapacity
    }
}

/// The memory of plain values, as bytes: one function for all types of elements, and a copy is one of memory even where
/// nothing is inlined.
private enum RowMemory {
    /// The two may overlap.
    @inline(__always)
    static func copy(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, byteCount: Int) {
        unsafe target.copyMemory(from: source, byteCount: byteCount)
    }

    /// A larger place with the same content; the old one is given back.
    @inline(never)
    static func grow(_ old: UnsafeMutableRawPointer, byteCount: Int, to newByteCount: Int) -> UnsafeMutableRawPointer {
        let larger = UnsafeMutableRawPointer.allocate(byteCount: newByteCount, alignment: 8)
        unsafe larger.copyMemory(from: old, byteCount: byteCount)
        unsafe old.deallocate()
        return unsafe larger
    }
}

// The memory has one owner, which is not copyable: whoever can reach it has exclusive access.
extension Slab: @unchecked Sendable where Element: Sendable {}
