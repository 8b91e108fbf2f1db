import NIOCore
import SocketIOProtocol

/// What came for namespaces whose middleware has not decided yet, in order for each of them.
struct HeldMessages {
    /// A message that waits.
    struct Message {
        let message: EngineMessage
        let verdict: TokenBucket.Verdict
    }

    /// What a message that waits takes besides its bytes.
    private static let overhead = 64

    private var byNamespace: [WireName: CircularBuffer<Message>] = [:]
    /// The packet that was held last, while attachments of it are due: those belong to its namespace.
    private var header: (namespace: WireName, attachmentsDue: Int)?

    /// How many messages wait, attachments counted.
    private(set) var count = 0
    /// The memory they take, about.
    private(set) var byteCount = 0

    /// Whether nothing waits.
    var isEmpty: Bool { self.byNamespace.isEmpty }

    /// The namespaces for which something waits.
    var namespaces: some Collection<WireName> { self.byNamespace.keys }

    /// Where the next binary message belongs; nil unless attachments of a held packet are due.
    var namespaceOfAttachment: WireName? { self.header?.namespace }

    /// Whether something waits for this namespace.
    func contains(_ namespace: WireName) -> Bool { self.byNamespace[namespace] != nil }

    /// Keeps the text of a packet.
    mutating func append(_ message: Message, for namespace: WireName, attachmentCount: Int) {
        self.append(message, for: namespace)
        if attachmentCount > 0 { self.header = (namespace, attachmentCount) }
    }

    /// Keeps an attachment of the packet that was kept last.
    mutating func append(attachment message: Message) {
        guard let header = self.header else { return }
        self.append(message, for: header.namespace)
        self.header = header.attachmentsDue > 1 ? (header.namespace, header.attachmentsDue - 1) : nil
    }

    private mutating func append(_ message: Message, for namespace: WireName) {
        self.count += 1
        self.byteCount += message.message.byteCount + Self.overhead
        self.byNamespace[namespace, default: .small].append(message)
    }

    /// The next message for a namespace; nil when there is none.
    mutating func pop(for namespace: WireName) -> Message? {
        guard let message = self.byNamespace[namespace]?.popFirst() else { return nil }
        self.count -= 1
        self.byteCount -= message.message.byteCount + Self.overhead
        if self.byNamespace[namespace]?.isEmpty ?? true {
            self.byNamespace[namespace] = nil
            // The packet has gone to the decoder, which knows itself what it waits for.
            if self.header?.namespace == namespace { self.header = nil }
        }
        return message
    }
}

/// Middleware holds up the namespace it guards, and no other.
extension EngineConnection {
    /// Takes a message while a namespace is being entered: one for that namespace waits, any other passes.
    func sort(_ message: EngineMessage, _ verdict: TokenBucket.Verdict) {
        switch message {
        case .binary:
            guard self.held.namespaceOfAttachment != nil else {
                self.process(message, verdict)
                // That may have been the last attachment of a packet behind which others could not be let go.
                return self.releaseHeld()
            }
            self.held.append(attachment: .init(message: message, verdict: verdict))
        case .text(let text):
            // Text where an attachment is due: a breach, held or not.
            guard self.held.namespaceOfAttachment == nil else { return self.close(.parseError) }
            guard
                !self.socketIO.isWaitingForAttachments,
                let address = self.socketIO.address(of: text),
                self.isHolding(WireName(address.namespace))
            else {
                self.process(message, verdict)
                return self.releaseHeld()
            }
            self.held.append(
                .init(message: message, verdict: verdict),
                for: WireName(address.namespace),
                attachmentCount: address.attachmentCount
            )
        }
        let configuration = self.server.configuration
        // Without a limit, a client could fill our memory while a slow token check runs. One that is in a namespace already
        // goes on talking there, and may have more to say where it enters.
        let isTooMuch = self.beforeConnect != nil && self.held.count > configuration.maxPacketsBeforeConnect
        if isTooMuch || self.held.byteCount > configuration.maxPayload {
            self.close(.rateLimited)
        }
    }

    /// Packets of a namespace are never reordered: those behind one that waits do so as well.
    private func isHolding(_ namespace: WireName) -> Bool {
        self.pendingConnects[namespace] != nil || self.held.contains(namespace)
    }

    /// Handles what waited for namespaces that have decided.
    ///
    /// Not between a packet and its attachments, which the decoder takes one after the other.
    func releaseHeld() {
        while !self.isClosing, !self.socketIO.isWaitingForAttachments,
            let namespace = self.held.namespaces.first(where: { self.pendingConnects[$0] == nil }),
            let held = self.held.pop(for: namespace)
        {
            self.process(held.message, held.verdict)
            // The attachments that are there; nothing of another namespace may come between.
            while !self.isClosing, self.socketIO.isWaitingForAttachments, let next = self.held.pop(for: namespace) {
                self.process(next.message, next.verdict)
            }
        }
    }
}
