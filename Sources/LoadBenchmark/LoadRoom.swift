/// One document of the load, and who is in it.
final class LoadRoom {
    let name: String
    /// In order of their position.
    var clients: [LoadClient] = []
    /// Keystrokes and signals of all that were not refused.
    var trackedCount = 0
    /// The highest revision that anybody was told of.
    var revision = 0
    let patterns: RoomPatterns
    private var positions: [SessionKey: Int] = [:]

    init(name: String) {
        self.name = name
        self.patterns = RoomPatterns(name)
    }

    /// How many get what a client sends that does read.
    var awaited: Int { self.clients.count - 1 - self.apartCount }
    /// How many are to stop reading for a while.
    var apartCount = 0

    /// Notes whose session this is.
    func enter(_ session: SessionKey, position: Int) { self.positions[session] = position }

    /// Whose session this is.
    func position(of session: SessionKey) -> Int? { self.positions[session] }
}

/// A session's id; the server makes them of random letters.
struct SessionKey: Hashable {
    private let head: UInt64
    private let tail: UInt64

    /// The first and the last eight bytes; `nil` for one that is shorter.
    @inline(__always)
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 8 else { return nil }
        self.head = bytes.loadUnaligned(as: UInt64.self)
        self.tail = bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self)
    }
}

/// What packets of a room begin with: so much is the same each time that nothing needs to be parsed before it.
struct RoomPatterns {
    let signal, binarySignal, change, edit, presence: BytePattern

    init(_ name: String) {
        self.signal = BytePattern(#"42/docs,["signal","\#(name)","#)
        self.binarySignal = BytePattern(#"451-/docs,["signal","\#(name)","#)
        self.change = BytePattern(#"451-/docs,["change","\#(name)",{"_placeholder":true,"num":0},{"rev":"#)
        self.edit = BytePattern(#"42/docs,["edit","\#(name)",{"rev":"#)
        self.presence = BytePattern(#"42/docs,["presence","\#(name)","#)
    }
}
