public import NIOCore

/// RESP2, sans-IO: bytes in, values out, however the bytes are cut.
///
/// Any input gives values, an error, or the wish for more. Time is linear in the input; memory is bounded by the limits and
/// by what came, never by what a length announces.
public struct RESPParser: Sendable {
    /// Bounds on what a server may send.
    public struct Limits: Sendable, Hashable {
        /// The largest string, in bytes; a larger one is passed over and becomes ``RESPValue/skipped(byteCount:)``.
        public var maxBulkBytes: Int
        /// The most bytes of all strings of one reply; those past it are passed over likewise.
        public var maxReplyBytes: Int
        /// How deep arrays may nest.
        public var maxDepth: Int
        /// The most values of one reply, arrays themselves counted.
        public var maxValues: Int
        /// The longest status, error or number, in bytes.
        public var maxLineBytes: Int

        /// Limits; the defaults take documents of 64 MiB and pages of a stream.
        public init(
            maxBulkBytes: Int = 96 << 20,
            maxReplyBytes: Int = 256 << 20,
            maxDepth: Int = 16,
            maxValues: Int = 1 << 20,
            maxLineBytes: Int = 65_536
        ) {
            self.maxBulkBytes = maxBulkBytes
            self.maxReplyBytes = maxReplyBytes
            self.maxDepth = maxDepth
            self.maxValues = maxValues
            self.maxLineBytes = maxLineBytes
        }
    }

    /// An array whose elements are still coming.
    private struct OpenArray {
        var left: Int
        var elements: [RESPValue] = []
    }

    /// What the next bytes are.
    private enum Expectation {
        case line
        case bulk(byteCount: Int)
        /// The rest of a string that is passed over, its line end included.
        case skipping(left: Int, byteCount: Int)
    }

    private let limits: Limits
    private var open: [OpenArray] = []
    private var expectation = Expectation.line
    /// How much of the line that is still without end was searched already.
    private var searched = 0
    private var valuesLeft: Int
    private var bytesLeft: Int

    /// A parser at the beginning of a stream.
    public init(limits: Limits = Limits()) {
        self.limits = limits
        self.valuesLeft = limits.maxValues
        self.bytesLeft = limits.maxReplyBytes
    }

    /// Takes one whole value off the buffer; nil when more bytes are needed.
    ///
    /// After an error the stream cannot be read any further.
    public mutating func next(from buffer: inout ByteBuffer) throws(RESPError) -> RESPValue? {
        while let value = try self.part(from: &buffer) {
            guard let whole = self.close(with: value) else { continue }
            self.valuesLeft = self.limits.maxValues
            self.bytesLeft = self.limits.maxReplyBytes
            return whole
        }
        return nil
    }

    /// What one step gave.
    private enum Part {
        case value(RESPValue)
        /// An array or a string has begun.
        case beginning
    }

    /// Puts a value into the innermost open array, which may complete that, and so on.
    ///
    /// - Returns: a value that is in no array.
    private mutating func close(with part: Part) -> RESPValue? {
        guard case .value(var value) = part else { return nil }
        while var innermost = self.open.popLast() {
            innermost.elements.append(value)
            innermost.left -= 1
            guard innermost.left == 0 else {
                self.open.append(innermost)
                return nil
            }
            value = .array(innermost.elements)
        }
        return value
    }

    /// The next part; nil when more bytes are needed.
    private mutating func part(from buffer: inout ByteBuffer) throws(RESPError) -> Part? {
        switch self.expectation {
        case .line:
            return try self.line(from: &buffer)
        case .bulk(let byteCount):
            guard buffer.readableBytes >= byteCount + 2, let bytes = buffer.readSlice(length: byteCount) else {
                return nil
            }
            guard buffer.readInteger(as: UInt16.self) == 0x0D0A else { throw .malformedLineEnd }
            self.expectation = .line
            return .value(.bulkString(bytes))
        case .skipping(let left, let byteCount):
            let count = min(left, buffer.readableBytes)
            buffer.moveReaderIndex(forwardBy: count)
            guard count == left else {
                self.expectation = .skipping(left: left - count, byteCount: byteCount)
                return nil
            }
            self.expectation = .line
            return .value(.skipped(byteCount: byteCount))
        }
    }

    private mutating func line(from buffer: inout ByteBuffer) throws(RESPError) -> Part? {
        guard let line = try self.takeLine(from: &buffer) else { return nil }
        guard self.valuesLeft > 0 else { throw .tooManyValues }
        self.valuesLeft -= 1
        let rest = line.dropFirst()
        switch line.first {
        case UInt8(ascii: "+"):
            return .value(.simpleString(String(decoding: rest, as: UTF8.self)))
        case UInt8(ascii: "-"):
            return .value(.error(String(decoding: rest, as: UTF8.self)))
        case UInt8(ascii: ":"):
            return .value(.integer(try Self.number(rest)))
        case UInt8(ascii: "$"):
            return try self.beginBulk(try Self.number(rest))
        case UInt8(ascii: "*"):
            return try self.beginArray(try Self.number(rest))
        case _:
            throw .unknownType
        }
    }

    private mutating func beginBulk(_ length: Int64) throws(RESPError) -> Part {
        guard length >= 0 else {
            guard length == -1 else { throw .negativeLength }
            return .value(.null)
        }
        let byteCount = Int(length)
        if byteCount > self.limits.maxBulkBytes || byteCount > self.bytesLeft {
            // Room for the line end, even of the largest number there is.
            let left = min(byteCount, .max - 2) + 2
            self.expectation = .skipping(left: left, byteCount: byteCount)
        } else {
            self.bytesLeft -= byteCount
            self.expectation = .bulk(byteCount: byteCount)
        }
        return .beginning
    }

    private mutating func beginArray(_ length: Int64) throws(RESPError) -> Part {
        guard length > 0 else {
            guard length >= -1 else { throw .negativeLength }
            return .value(length == 0 ? .array([]) : .null)
        }
        guard self.open.count < self.limits.maxDepth else { throw .tooDeep }
        guard length <= self.valuesLeft else { throw .tooManyValues }
        self.open.append(OpenArray(left: Int(length)))
        return .beginning
    }

    /// The next line without its end; nil when it has none yet.
    private mutating func takeLine(from buffer: inout ByteBuffer) throws(RESPError) -> ByteBufferView? {
        let view = buffer.readableBytesView
        let start = view.startIndex + self.searched
        guard let end = view[start...].firstIndex(of: UInt8(ascii: "\n")) else {
            self.searched = view.count
            guard view.count <= self.limits.maxLineBytes else { throw .lineTooLong }
            return nil
        }
        self.searched = 0
        guard end > view.startIndex, view[end - 1] == UInt8(ascii: "\r") else { throw .malformedLineEnd }
        guard end - view.startIndex <= self.limits.maxLineBytes else { throw .lineTooLong }
        buffer.moveReaderIndex(forwardBy: end + 1 - view.startIndex)
        return view[view.startIndex..<(end - 1)]
    }

    private static func number(_ digits: ByteBufferView.SubSequence) throws(RESPError) -> Int64 {
        // 20 characters hold every Int64, and bound the work.
        guard digits.count <= 20, digits.first != UInt8(ascii: "+"),
            let value = Int64(String(decoding: digits, as: UTF8.self))
        else { throw .malformedNumber }
        return value
    }
}
