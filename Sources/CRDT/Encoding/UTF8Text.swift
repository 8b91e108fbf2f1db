enum UTF8Text {
    static func utf16Count(of bytes: [UInt8], in range: Range<Int>) -> Int? { nil }
}
