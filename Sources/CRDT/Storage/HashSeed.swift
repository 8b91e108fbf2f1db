/// How the engine's hash tables hash: by a folded multiplication, seeded by the process.
///
/// Not by `Hasher`: that alone costs as much as a whole keystroke. Nobody who does not know the seed can choose keys that
/// collide.
enum HashSeed {
    /// Drawn once; a table keeps a copy, because reading a global asks first whether it is there.
    static let value: UInt64 = {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }()

    @inline(__always)
    static func mix(_ key: UInt64, _ seed: UInt64) -> UInt64 {
        let product = (key ^ seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }
}
