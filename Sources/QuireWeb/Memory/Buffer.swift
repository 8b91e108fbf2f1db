/// A growable piece of the module's memory that the host reads or writes.
///
/// One of the two places with unsafe code in this target. Its address holds until it grows.
@safe
struct Buffer: ~Copyable {
    private var base: UnsafeMutableRawPointer?
    private var capacity: Int
    private(set) var count: Int

    /// Nothing is allocated yet: a constant, so that the module's buffers need no initialisation at run time.
    init() {
        unsafe base = nil
        capacity = 0
        count = 0
    }

    deinit {
        unsafe base?.deallocate()
    }

    /// Where the host finds the bytes; 0 before the first.
    var address: Int32 { unsafe Int32(truncatingIfNeeded: Int(bitPattern: base)) }

    // MARK: Reading what the host wrote

    /// Makes the buffer hold exactly `count` bytes, which the host fills; what it held is lost.
    mutating func reset(count newCount: Int) {
        if newCount > capacity || capacity == 0 || capacity > Self.keptCapacity {
            replace(capacity: max(newCount, Self.leastCapacity))
        }
        count = newCount
    }

    /// A copy of the first `length` bytes; `nil` when the host did not write as many.
    func bytes(_ length: Int) -> [UInt8]? {
        guard length >= 0, length <= count else { return nil }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: base, count: length))
    }

    /// A copy of the first `length` UTF-16 code units; `nil` when the host did not write as many.
    func units(_ length: Int) -> [UInt16]? {
        guard length >= 0, length <= count / 2 else { return nil }
        return unsafe [UInt16](UnsafeRawBufferPointer(start: base, count: length * 2).bindMemory(to: UInt16.self))
    }

    /// Lends the first `length` bytes; `nil` when the host did not write as many.
    @inline(__always)
    func withBytes<Result, Failure: Error>(
        _ length: Int32,
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard length >= 0, Int(length) <= count else { return nil }
        return try unsafe body(UnsafeRawBufferPointer(start: base, count: Int(length)).bindMemory(to: UInt8.self).span)
    }

    /// Lends the first `length` UTF-16 code units; `nil` when the host did not write as many.
    @inline(__always)
    func withUnits<Result, Failure: Error>(
        _ length: Int32,
        _ body: (Span<UInt16>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard length >= 0, Int(length) <= count / 2 else { return nil }
        return try unsafe body(
            UnsafeRawBufferPointer(start: base, count: Int(length) * 2).bindMemory(to: UInt16.self).span
        )
    }

    // MARK: Writing what the host reads

    mutating func removeAll() {
        if capacity > Self.keptCapacity { replace(capacity: Self.leastCapacity) }
        count = 0
    }

    mutating func append(_ byte: UInt8) {
        reserve(1)
        unsafe base?.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Appends 32 bits, lowest byte first.
    mutating func append(word: UInt32) {
        reserve(4)
        unsafe base?.storeBytes(of: word, toByteOffset: count, as: UInt32.self)
        count += 4
    }

    mutating func append(_ bytes: [UInt8]) {
        reserve(bytes.count)
        unsafe copy(bytes.span.bytes)
    }

    mutating func append(_ bytes: Span<UInt8>) {
        reserve(bytes.count)
        unsafe copy(bytes.bytes)
    }

    mutating func append(_ units: [UInt16]) {
        reserve(units.count * 2)
        unsafe copy(units.span.bytes)
    }

    private mutating func copy(_ bytes: RawSpan) {
        let target = unsafe base?.advanced(by: count)
        unsafe bytes.withUnsafeBytes { source in
            guard let target = unsafe target, let start = source.baseAddress else { return }
            unsafe target.copyMemory(from: start, byteCount: source.count)
        }
        count += bytes.byteCount
    }

    /// Overwrites four bytes that were appended before.
    mutating func replace(word: UInt32, at offset: Int) {
        precondition(offset >= 0 && offset + 4 <= count, "A word out of the buffer.")
        unsafe base?.storeBytes(of: word, toByteOffset: offset, as: UInt32.self)
    }

    /// Fills up with zeros to a multiple of four bytes.
    mutating func align() {
        while count % 4 != 0 { append(0) }
    }

    // MARK: Growth

    private static var leastCapacity: Int { 4096 }
    /// A larger one is given back when it is used next.
    private static var keptCapacity: Int { 1 << 20 }

    @inline(__always)
    private mutating func reserve(_ added: Int) {
        if added > capacity - count { grow(added) }
    }

    @inline(never)
    private mutating func grow(_ added: Int) {
        let larger = max(count + added, capacity * 2, Self.leastCapacity)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 8)
        if let base = unsafe base {
            unsafe memory.copyMemory(from: base, byteCount: count)
            unsafe base.deallocate()
        }
        unsafe base = memory
        capacity = larger
    }

    private mutating func replace(capacity newCapacity: Int) {
        unsafe base?.deallocate()
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 8)
        capacity = newCapacity
    }
}
