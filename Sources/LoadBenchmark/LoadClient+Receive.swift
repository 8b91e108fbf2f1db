import CRDT
import NIOCore

/// What packets begin with, whatever the room.
private let ackPattern = BytePattern("43/docs,")
private let okPattern = BytePattern(#"[{"ok":true"#)
private let revisionPattern = BytePattern(#","rev":"#)
private let sessionPattern = BytePattern(#","session":""#)
private let resetPattern = BytePattern(#"42/docs,["reset","#)

extension LoadClient {
    @inline(__always)
    func receiveText(_ payload: UnsafeRawBufferPointer) {
        guard payload.count > 1 else {
            if payload.first == UInt8(ascii: "2") { self.send(ClientFrames.text, [UInt8(ascii: "3")]) }
            return
        }
        guard self.state == .joined, payload[0] == UInt8(ascii: "4") else { return self.receiveHandshake(payload) }
        let patterns = self.room.patterns
        switch payload[1] {
        case UInt8(ascii: "2"):
            if patterns.signal.matches(payload) {
                self.receiveSignal(payload)
            } else if patterns.edit.matches(payload) {
                self.receiveKeystroke(payload, from: patterns.edit.count, isEdit: true)
            } else if patterns.presence.matches(payload) {
                self.generator.totals.presenceEvents += 1
            } else if resetPattern.matches(payload) {
                self.receiveReset()
            }
        case UInt8(ascii: "5"):
            if patterns.binarySignal.matches(payload) {
                self.attachments = .signal
            } else if patterns.change.matches(payload) {
                self.receiveKeystroke(payload, from: patterns.change.count, isEdit: false)
            }
        case UInt8(ascii: "3"):
            self.receiveAck(payload)
        default:
            break
        }
    }

    @inline(__always)
    func receiveBinary(_ payload: UnsafeRawBufferPointer) {
        switch self.attachments {
        case .none:
            self.generator.damage("a binary frame came that belongs to nothing")
        case .signal:
            self.attachments = .none
            self.receiveSignal(payload: payload)
        case .change(let position, let revision):
            self.attachments = .none
            self.receiveChange(payload, position: position, revision: revision)
        case .joined(let left, let isSnapshot):
            self.receiveJoined(payload, left: left, isSnapshot: isSnapshot)
        }
    }

    // MARK: Signals

    /// The payload is the last argument, and always of one length: it is found from the end.
    @inline(__always)
    private func receiveSignal(_ packet: UnsafeRawBufferPointer) {
        let end = packet.count - 2
        let start = end - self.generator.settings.payloadBytes
        guard start > 0 else { return self.generator.damage("a signal is too short") }
        self.receiveSignal(payload: UnsafeRawBufferPointer(rebasing: packet[start..<end]))
    }

    @inline(__always)
    private func receiveSignal(payload: UnsafeRawBufferPointer) {
        guard let stamp = Stamp.read(payload), payload.count == self.generator.settings.payloadBytes,
            let sender = self.generator.client(stamp.sender), sender.room === self.room, sender !== self,
            stamp.number < sender.signals.count
        else { return self.generator.damage("a signal came that nobody of the room sent to this client") }
        guard self.note(self.signalReceptions[sender.position].receive(stamp.number)) else { return }
        self.generator.delivered(to: self, sentAt: sender.signals.time(of: stamp.number))
        if !self.isApart, sender.signals.delivered(stamp.number) { self.generator.finished(sender) }
    }

    // MARK: Keystrokes

    /// A change, whose bytes follow, or an edit; both begin with the revision and the author.
    @inline(__always)
    private func receiveKeystroke(_ packet: UnsafeRawBufferPointer, from offset: Int, isEdit: Bool) {
        var cursor = PacketCursor(bytes: packet, offset: offset)
        guard let revision = cursor.number() else { return self.generator.damage("an event has no revision") }
        var position: Int?
        if cursor.skip(sessionPattern), let session = cursor.quoted().flatMap({ SessionKey($0) }) {
            position = self.room.position(of: session)
        }
        if !isEdit {
            self.attachments = .change(position: position, revision: revision)
        } else if let position {
            guard self.note(revision: revision) else { return }
            self.receiveNextKeystroke(of: self.room.clients[position])
        } else {
            self.generator.damage("an edit came from nobody of the room")
        }
    }

    /// A sender puts one change into a message, so a change alone is its next; sets of the server's making are taken apart.
    @inline(__always)
    private func receiveChange(_ payload: UnsafeRawBufferPointer, position: Int?, revision: Int) {
        // The magic number of sets (`FORMAT.md`): a change alone has another.
        if let position, payload.first != 0xC0 {
            guard self.note(revision: revision) else { return }
            self.receiveNextKeystroke(of: self.room.clients[position])
        } else {
            self.receiveSet(Array(payload), of: position.map { self.room.clients[$0] }, revision: revision)
        }
        if self.follows { self.follow(Array(payload)) }
    }

    @inline(__always)
    private func receiveNextKeystroke(of sender: LoadClient) {
        let number = self.keystrokeReceptions[sender.position].next
        guard number < sender.keystrokes.count else {
            self.generator.damage("more keystrokes came than were made")
            return
        }
        self.receiveKeystroke(number, of: sender)
    }

    @inline(__always)
    private func receiveKeystroke(_ number: Int, of sender: LoadClient) {
        guard self.note(self.keystrokeReceptions[sender.position].receive(number)) else { return }
        self.generator.delivered(to: self, sentAt: sender.keystrokes.time(of: number))
        if !self.isApart, sender.keystrokes.delivered(number) { self.generator.finished(sender) }
    }

    /// Several changes in one event: the next ones of one author, or, in a catch-up, those that say themselves whose they
    /// are and which. (What a thin client edits is a change of the server's, which says neither.)
    private func receiveSet(_ bytes: [UInt8], of author: LoadClient?, revision: Int) {
        let isCatchUp = author == nil
        if isCatchUp {
            self.isResynchronised = true
            self.generator.figures.resynchronised += 1
        }
        guard self.note(revision: revision), let changes = try? ChangeSet.decode(bytes) else {
            return self.generator.damage("a set of changes is damaged")
        }
        if let author {
            for _ in changes { self.receiveNextKeystroke(of: author) }
            return
        }
        for change in changes {
            guard let sender = self.generator.typists[change.replica], sender !== self else { continue }
            let number = Int(change.sequence)
            // What it has already may be in a catch-up.
            if number < self.keystrokeReceptions[sender.position].next { continue }
            self.receiveKeystroke(number, of: sender)
        }
        self.generator.caughtUp(self)
    }

    private func follow(_ bytes: [UInt8]) {
        do {
            try self.typist?.receive(bytes)
        } catch {
            self.generator.damage("a change could not be merged: \(error)")
        }
    }

    // MARK: Order

    /// Counts a message that comes for the first time.
    ///
    /// - Returns: whether it does.
    @inline(__always)
    private func note(_ verdict: Reception.Verdict) -> Bool {
        switch verdict {
        case .new(0): break
        case .new: self.generator.figures.gaps += 1
        case .old:
            self.generator.figures.duplicates += 1
            return false
        }
        self.receivedCount += 1
        return true
    }

    /// Revisions only rise; one that does not is an event that came twice or too late.
    @inline(__always)
    private func note(revision: Int) -> Bool {
        guard revision > self.revision else {
            self.generator.figures.duplicates += 1
            return false
        }
        self.revision = revision
        if revision > self.room.revision { self.room.revision = revision }
        return true
    }

    // MARK: Acks

    @inline(__always)
    private func receiveAck(_ payload: UnsafeRawBufferPointer) {
        var cursor = PacketCursor(bytes: payload, offset: ackPattern.count)
        guard ackPattern.matches(payload), let number = cursor.number() else {
            return self.generator.damage("an ack cannot be read")
        }
        let index = number - MessageTemplate.firstAck
        guard self.acks.indices.contains(index), !self.acks[index].isDone else {
            self.generator.figures.duplicates += 1
            return
        }
        self.acks[index].isDone = true
        self.ackedCount += 1
        if cursor.skip(okPattern) {
            self.acks[index].isAccepted = true
            self.generator.acked(self, self.acks[index])
            // A thin client edits on the newest revision that it knows.
            if self.acks[index].kind == .edit, cursor.skip(revisionPattern), let revision = cursor.number() {
                self.acknowledgedRevision = max(self.acknowledgedRevision, revision)
            }
        } else {
            let code = PacketCursor.string(named: "code", in: payload) ?? "UNKNOWN"
            self.generator.refused(self, self.acks[index], code: code)
        }
    }
}
