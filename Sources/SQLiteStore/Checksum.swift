internal import CZlib

/// CRC-32 as in zlib: finds the damage that a disk does.
///
/// It guards against decay, not against an attacker: who can write the file can write the checksum.
struct Checksum {
    private var state: UInt = crc32(0, nil, 0)

    /// The checksum of what was added.
    var value: UInt32 { UInt32(truncatingIfNeeded: state) }

    /// Adds the bytes of a text, and its length, so that neighbouring fields cannot trade bytes.
    mutating func add(_ text: String) {
        add(Array(text.utf8))
    }

    /// Adds a number.
    mutating func add(_ number: Int64) {
        addRaw((0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) })
    }

    /// Adds bytes, and their number.
    mutating func add(_ bytes: [UInt8]) {
        add(Int64(bytes.count))
        addRaw(bytes)
    }

    private mutating func addRaw(_ bytes: [UInt8]) {
        // zlib takes a null pointer for "start again", and an empty array may hand it one.
        if bytes.isEmpty { return }
        state = crc32_z(state, bytes, bytes.count)
    }
}
