import CRDT
import NIOCore

extension LoadClient {
    /// The way into the room: Engine.IO's handshake, the namespace, the document.
    func receiveHandshake(_ payload: UnsafeRawBufferPointer) {
        let text = String(decoding: payload, as: UTF8.self)
        switch self.state {
        case .opening where text.hasPrefix("0{"):
            self.state = .entering
            let token = self.generator.settings.token.map { #"{"token":"\#($0)"}"# } ?? "{}"
            self.send(ClientFrames.text, "40/docs,\(token)".utf8)
        case .entering where text.hasPrefix("40/docs,"):
            self.enterRoom(payload)
        case _ where text.hasPrefix("44/docs,"):
            self.fail(PacketCursor.string(named: "code", in: payload) ?? "refused: \(text)")
        case .joining where text.hasPrefix("43/docs,0[") || text.hasPrefix("46"):
            self.joined(payload, text)
        default:
            break
        }
    }

    private func enterRoom(_ payload: UnsafeRawBufferPointer) {
        let pattern = BytePattern(#""sid":""#)
        if let start = PacketCursor.find(pattern, in: payload) {
            var cursor = PacketCursor(bytes: payload, offset: start + pattern.count)
            if let session = cursor.quoted().flatMap({ SessionKey($0) }) {
                self.room.enter(session, position: self.position)
            }
        }
        self.join()
    }

    /// Asks for the document.
    func join() {
        self.state = .joining
        let format = self.isThin ? "json" : "changes"
        self.send(
            ClientFrames.text,
            #"42/docs,0["join",{"doc":"\#(self.room.name)","format":"\#(format)"}]"#.utf8
        )
    }

    private func joined(_ payload: UnsafeRawBufferPointer, _ text: String) {
        guard text.contains(#"[{"ok":true"#) else {
            return self.fail(PacketCursor.string(named: "code", in: payload) ?? "join refused: \(text)")
        }
        self.revision = PacketCursor.number(named: "rev", in: payload) ?? 0
        if text.hasPrefix("46") {
            var cursor = PacketCursor(bytes: payload, offset: 2)
            self.attachments = .joined(
                left: cursor.number() ?? 0,
                isSnapshot: text.contains(#""snapshot":{"_placeholder""#)
            )
        } else {
            self.enteredRoom()
        }
    }

    /// An attachment of the join's ack: the version, then what there is of the document.
    func receiveJoined(_ payload: UnsafeRawBufferPointer, left: Int, isSnapshot: Bool) {
        self.attachments = left > 1 ? .joined(left: left - 1, isSnapshot: isSnapshot) : .none
        guard left == 1 else { return }
        self.catchUp = (Array(payload), isSnapshot)
        self.enteredRoom()
    }

    private func enteredRoom() {
        self.state = .joined
        self.joinedOnce = true
        self.noteEntered(true)
    }

    /// The room put it out because it was too far behind: it joins again, as a client would.
    func receiveReset() {
        self.isResynchronised = true
        self.generator.figures.resynchronised += 1
        self.onEntered = { [self] isIn in
            if isIn { self.generator.caughtUp(self) }
        }
        self.join()
    }
}
