import SocketIOProtocol

/// Values and their bytes as Python's msgpack 1.2.4 packs them.
enum MessagePackVectors {
    static let numbers: [(value: JSON, hex: String)] = [
        (.int(0), "00"),
        (.int(1), "01"),
        (.int(127), "7f"),
        (.int(128), "cc80"),
        (.int(255), "ccff"),
        (.int(256), "cd0100"),
        (.int(65535), "cdffff"),
        (.int(65536), "ce00010000"),
        (.int(4294967295), "ceffffffff"),
        (.int(4294967296), "cf0000000100000000"),
        (.int(9223372036854775807), "cf7fffffffffffffff"),
        (.int(-1), "ff"),
        (.int(-32), "e0"),
        (.int(-33), "d0df"),
        (.int(-128), "d080"),
        (.int(-129), "d1ff7f"),
        (.int(-32768), "d18000"),
        (.int(-32769), "d2ffff7fff"),
        (.int(-2147483648), "d280000000"),
        (.int(-2147483649), "d3ffffffff7fffffff"),
        (.int(-9223372036854775808), "d38000000000000000"),
        (.null, "c0"),
        (.bool(true), "c3"),
        (.bool(false), "c2"),
        (.double(1.5), "cb3ff8000000000000"),
        (.double(-0.1), "cbbfb999999999999a"),
        (.string(""), "a0"),
        (.string("é😀"), "a6c3a9f09f9880"),
        (.binary([]), "c400"),
        (.binary([0, 255]), "c40200ff"),
        (.array([]), "90"),
        (.object([:]), "80"),
    ]

    /// How many bytes or elements, and the header.
    static let headers: [(count: Int, text: String, bytes: String, array: String, map: String)] = [
        (0, "a0", "c400", "90", "80"),
        (15, "af", "c40f", "9f", "8f"),
        (16, "b0", "c410", "dc0010", "de0010"),
        (31, "bf", "c41f", "dc001f", "de001f"),
        (32, "d920", "c420", "dc0020", "de0020"),
        (255, "d9ff", "c4ff", "dc00ff", "de00ff"),
        (256, "da0100", "c50100", "dc0100", "de0100"),
        (65535, "daffff", "c5ffff", "dcffff", "deffff"),
        (65536, "db00010000", "c600010000", "dd00010000", "df00010000"),
    ]

    /// What is read and never written: the value, and what it becomes.
    static let readOnly: [(hex: String, value: JSON)] = [
        ("cfffffffffffffffff", .double(18446744073709551616)),
        ("ca3f000000", .double(0.5)),
        ("cc01", .int(1)),
        ("d3ffffffffffffffff", .int(-1)),
        ("d90161", .string("a")),
        ("dc000101", [1]),
        ("df00000001a16101", ["a": 1]),
        ("d40000", .null),
        ("d5056162", [5, .binary([0x61, 0x62])]),
        ("c70305616263", [5, .binary([0x61, 0x62, 0x63])]),
        ("d40001", [0, .binary([1])]),
        ("d6ff6b04efa0", "2026-11-24T02:00:00.000Z"),
        ("d7ff1d6f28006b04efa0", "2026-11-24T02:00:00.123Z"),
        ("c70cff00000000ffffffffffffffff", "1969-12-31T23:59:59.000Z"),
        ("d6ff38bbb4c0", "2000-02-29T12:00:00.000Z"),
        ("c70cff3b8b87c00000003afff4417f", "9999-12-31T23:59:59.999Z"),
        ("c70cff00000000fffffff1886e0900", "0001-01-01T00:00:00.000Z"),
        ("c70cff000000007fffffffffffffff", .null),
        ("c70cff000000008000000000000000", .null),
        ("c70cffffffffff0000000000000000", .null),
        ("820001c3c0", ["0": 1, "true": nil]),
        ("82a16101a16102", ["a": 2]),
    ]
}
