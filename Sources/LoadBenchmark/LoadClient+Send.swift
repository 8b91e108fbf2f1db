import NIOCore

/// A message that asked for an ack.
struct SentAck {
    var kind: MessageKind
    /// When it was sent, or was to be.
    var time: UInt64
    /// Which of its sender's keystrokes it is, where it is one.
    var number = 0
    var isDone = false
    var isAccepted = false
}

/// The messages of one sender.
struct MessageWriter {
    private let signal, acknowledgedSignal, binarySignal, acknowledgedBinarySignal, presence, change: MessageTemplate

    init(document: String, payloadBytes: Int) {
        let payload = [UInt8](repeating: UInt8(ascii: "x"), count: payloadBytes)
        let placeholder = #"{"_placeholder":true,"num":0}"#
        self.signal = MessageTemplate(#"42/docs,["signal","\#(document)","$"]"#, payload: payload)
        self.acknowledgedSignal = MessageTemplate(#"42/docs,#["signal","\#(document)","$"]"#, payload: payload)
        self.binarySignal = MessageTemplate(
            #"451-/docs,["signal","\#(document)",\#(placeholder)]"#,
            attachment: payload
        )
        self.acknowledgedBinarySignal = MessageTemplate(
            #"451-/docs,#["signal","\#(document)",\#(placeholder)]"#,
            attachment: payload
        )
        self.presence = MessageTemplate(#"42/docs,#["presence","\#(document)",{"cursor":"$"}]"#, payload: payload)
        self.change = MessageTemplate(#"451-/docs,#["change","\#(document)",\#(placeholder)]"#)
    }

    /// The template of a kind; edits have none, since their revision's length varies.
    func template(_ kind: MessageKind, isAcknowledged: Bool) -> MessageTemplate {
        switch kind {
        case .signal: isAcknowledged ? self.acknowledgedSignal : self.signal
        case .binarySignal: isAcknowledged ? self.acknowledgedBinarySignal : self.binarySignal
        case .presence: self.presence
        case .change, .edit: self.change
        }
    }
}

extension LoadClient {
    /// Sends its next message, which is timed from `due`.
    func sendNext(due: UInt64) {
        guard self.state == .joined, !self.hasStopped, let messages = self.messages, let context = self.context else {
            return
        }
        let pattern = self.generator.settings.mix.pattern
        // Each sender starts at another place of the mix, so that not all send the rare kind at once.
        var kind = pattern[(self.sentCount + self.index) % pattern.count]
        if kind == .change, self.isThin { kind = .edit }
        let isAcknowledged = kind.isAlwaysAcknowledged || self.generator.acknowledgesSignals
        let ack = self.acks.count
        var buffer: ByteBuffer
        switch kind {
        case .signal, .binarySignal, .presence:
            let template = messages.template(kind, isAcknowledged: isAcknowledged)
            buffer = context.channel.allocator.buffer(capacity: template.byteCount)
            template.write(ack: ack, stamp: Stamp(sender: self.index, number: self.signals.count), to: &buffer)
            if kind != .presence { self.signals.append(time: due, awaited: self.room.awaited) }
        case .change:
            guard let change = self.nextChange() else { return }
            let template = messages.template(kind, isAcknowledged: true)
            buffer = context.channel.allocator.buffer(capacity: template.byteCount + change.count + 14)
            template.write(ack: ack, stamp: nil, to: &buffer)
            buffer.writeBytes(change)
            // Besides the others its sender waits for it to be stored.
            self.keystrokes.append(time: due, awaited: self.room.awaited + 1)
        case .edit:
            buffer = ByteBuffer(bytes: ClientFrames.text(self.nextEdit(ack: MessageTemplate.firstAck + ack)))
            // Besides the others its sender waits for it to be stored.
            self.keystrokes.append(time: due, awaited: self.room.awaited + 1)
        }
        if isAcknowledged { self.acks.append(SentAck(kind: kind, time: due, number: self.keystrokes.count - 1)) }
        self.sentCount += 1
        self.generator.totals.sent += 1
        if kind != .presence {
            self.trackedCount += 1
            self.room.trackedCount += 1
        }
        self.write(buffer)
    }

    private func nextChange() -> [UInt8]? {
        do {
            var frame: [UInt8] = []
            ClientFrames.append(ClientFrames.binary, try self.typist?.type() ?? [], to: &frame)
            return frame
        } catch {
            self.generator.damage("a keystroke could not be made: \(error)")
            return nil
        }
    }

    private func nextEdit(ack: Int) -> String {
        let revision = max(self.revision, self.acknowledgedRevision)
        let operation = #"{"text":"\#(self.textName)","at":0,"delete":0,"insert":"x"}"#
        return #"42/docs,\#(ack)["edit","\#(self.room.name)",{"rev":\#(revision),"ops":[\#(operation)]}]"#
    }

    /// The text of its own in the document.
    var textName: String { "text-\(self.position)" }
}

extension MessageKind {
    /// Whether the server acknowledges it by what it means, rather than on request.
    var isAlwaysAcknowledged: Bool {
        switch self {
        case .signal, .binarySignal: false
        case .change, .edit, .presence: true
        }
    }
}
