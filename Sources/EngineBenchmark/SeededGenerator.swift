/// A generator of the same numbers for the same seed (SplitMix64; Steele, Lea and Flood 2014), so that all runs do the same.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A small letter.
    mutating func letter() -> UInt16 {
        UInt16.random(in: 0x61...0x7A, using: &self)
    }

    /// As many small letters as a random number of the range says.
    mutating func word(_ lengths: ClosedRange<Int>) -> [UInt16] {
        let count = Int.random(in: lengths, using: &self)
        return (0..<count).map { _ in self.letter() }
    }
}
