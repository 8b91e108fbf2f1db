/// Bytes that must never change while the versions of the formats stay: documents on disk and peers elsewhere have
/// them.
///
/// `FORMAT.md` explains each.
enum GoldenVectors {
    static let changes = [
        "8201002404626f6479486984",
        "810101216a",
        "83010201ea",
        "8201036803c3a9f09f98807f",
        "8eac0200010104061c010078a1",
        "80ac0201020d0001001c01007989",
    ]
    static let version = "d0010104"
    static let laterVersion = "d0020104aa0202"
    static let anchor = "da0100"
    static let snapshot =
        "515549520101010406010000010604626f6479030200030300040903010302020501000848c3a9f09f988069e6ebf364"
    static let emptySet = "c000"
}
