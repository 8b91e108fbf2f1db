#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Bytes to be recognised.
struct BytePattern {
    private let bytes: [UInt8]

    init(_ text: String) {
        self.bytes = Array(text.utf8)
    }

    /// How many bytes it is.
    var count: Int { self.bytes.count }

    /// Whether these bytes have it at an offset.
    @inline(__always)
    func matches(_ other: UnsafeRawBufferPointer, at offset: Int = 0) -> Bool {
        guard other.count - offset >= self.bytes.count, let base = other.baseAddress else { return false }
        return self.bytes.withUnsafeBytes { mine in
            mine.baseAddress.map { memcmp($0, base + offset, mine.count) == 0 } ?? true
        }
    }
}

/// Reads what stands between known pieces of a packet.
struct PacketCursor {
    let bytes: UnsafeRawBufferPointer
    var offset: Int

    /// A number in decimals; `nil` when there is none.
    @inline(__always)
    mutating func number() -> Int? {
        let start = self.offset
        var value = 0
        while self.offset < self.bytes.count, self.offset - start < 18 {
            let digit = self.bytes[self.offset] &- 0x30
            guard digit < 10 else { break }
            value = value * 10 + Int(digit)
            self.offset += 1
        }
        return self.offset > start ? value : nil
    }

    /// Passes over a pattern.
    ///
    /// - Returns: whether it was there.
    @inline(__always)
    mutating func skip(_ pattern: BytePattern) -> Bool {
        guard pattern.matches(self.bytes, at: self.offset) else { return false }
        self.offset += pattern.count
        return true
    }

    /// What stands before the next quote, passing over it; `nil` when there is none.
    @inline(__always)
    mutating func quoted() -> UnsafeRawBufferPointer? {
        let start = self.offset
        while self.offset < self.bytes.count {
            if self.bytes[self.offset] == 0x22 {
                self.offset += 1
                return UnsafeRawBufferPointer(rebasing: self.bytes[start..<self.offset - 1])
            }
            self.offset += 1
        }
        return nil
    }

    /// The number behind `"name":`, wherever that first is.
    static func number(named name: String, in bytes: UnsafeRawBufferPointer) -> Int? {
        let pattern = BytePattern("\"\(name)\":")
        guard let start = Self.find(pattern, in: bytes) else { return nil }
        var cursor = PacketCursor(bytes: bytes, offset: start + pattern.count)
        return cursor.number()
    }

    /// The string behind `"name":"`, wherever that first is.
    static func string(named name: String, in bytes: UnsafeRawBufferPointer) -> String? {
        let pattern = BytePattern("\"\(name)\":\"")
        guard let start = Self.find(pattern, in: bytes) else { return nil }
        var cursor = PacketCursor(bytes: bytes, offset: start + pattern.count)
        return cursor.quoted().map { String(decoding: $0, as: UTF8.self) }
    }

    /// Where a pattern first is.
    static func find(_ pattern: BytePattern, in bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= pattern.count else { return nil }
        return (0...bytes.count - pattern.count).first { pattern.matches(bytes, at: $0) }
    }
}
