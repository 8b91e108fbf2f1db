/// Bytes that must never change while the versions of the formats stay: documents on disk and peers elsewhere have
/// them.
///
/// `FORMAT.md` explains each.
enum GoldenVectors {
    static let changes = [
        "92012404626f64794869d3",
        "910921db",
        "93110129",
        "92196803c3a9f09f988021",
        "9e07ac02010104061c0100785b",
        "900fac02020d0001001c01007957",
    ]
    static let version = "d0010104"
    static let laterVersion = "d0020104aa0202"
    static let anchor = "da0100"
    static let snapshot =
        "51554952020101040601000000080100"
        + "04626f647900010001030200030300040903010302020501000848c3a9f09f9880690000006a3ed783"
    static let history =
        "51554948010101010300090a0200030202020000"
        + "0000000269210b0a92011404626f6479486334183618"
    static let emptySet = "c000"
}
