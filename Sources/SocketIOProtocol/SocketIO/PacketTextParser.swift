/// Parses the text of a packet: `<type>[<attachments>-][<namespace>,][<ack id>][JSON]`.
struct PacketTextParser {
    var rest: ArraySlice<UInt8>
    let limits: PacketDecoder.Limits

    /// The packet, and how many attachments follow (nil for the types without).
    mutating func parse() throws(PacketError) -> (packet: Packet, attachmentCount: Int?) {
        let type = try self.parseType()
        let attachmentCount = try self.parseAttachmentCount(of: type)
        let namespace = try self.parseNamespace()
        let id = try self.parseAckID()
        var payload: JSON?
        if !self.rest.isEmpty {
            do throws(JSONError) {
                payload = try JSON.parse(self.rest, limits: self.limits.json)
            } catch {
                throw .malformedJSON(error)
            }
        }
        try Self.check(payload, of: type, id: id)
        return (Packet(type: type, namespace: namespace, id: id, payload: payload), attachmentCount)
    }

    /// What stands before the ack id: the namespace, and how many attachments follow.
    mutating func parseAddress() throws(PacketError) -> (namespace: String, attachmentCount: Int) {
        let attachmentCount = try self.parseAttachmentCount(of: try self.parseType())
        return (try self.parseNamespace(), attachmentCount ?? 0)
    }

    private mutating func parseType() throws(PacketError) -> PacketType {
        guard let digit = self.rest.popFirst() else { throw .empty }
        guard let type = PacketType(rawValue: digit &- UInt8(ascii: "0")) else { throw .unknownType }
        return type
    }

    private mutating func parseAttachmentCount(of type: PacketType) throws(PacketError) -> Int? {
        switch type {
        case .connect, .disconnect, .event, .ack, .connectError: return nil
        case .binaryEvent, .binaryAck: break
        }
        guard let count = self.takeNumber(maxDigits: 9) ?? nil, self.rest.popFirst() == UInt8(ascii: "-") else {
            throw .malformedAttachmentCount
        }
        guard count <= self.limits.maxAttachments else { throw .tooManyAttachments }
        return Int(count)
    }

    private mutating func parseNamespace() throws(PacketError) -> String {
        guard self.rest.first == UInt8(ascii: "/") else { return "/" }
        // Looks no further than a name may be long: the text behind may be a megabyte.
        let window = self.rest.prefix(self.limits.maxNamespaceLength + 1)
        let end = window.firstIndex(of: UInt8(ascii: ",")) ?? window.endIndex
        guard end - window.startIndex <= self.limits.maxNamespaceLength else { throw .malformedNamespace }
        guard let name = String(validating: window[..<end], as: UTF8.self) else { throw .malformedNamespace }
        self.rest = self.rest[end...].dropFirst()
        return name
    }

    private mutating func parseAckID() throws(PacketError) -> UInt64? {
        switch self.takeNumber(maxDigits: 16) {
        case .none: throw .ackIDTooLarge
        case .some(.none): return nil
        case .some(let id?):
            guard id < 1 << 53 else { throw .ackIDTooLarge }
            return id
        }
    }

    /// Takes the digits that come next as a number: `.some(nil)` when there are none, nil when there are too many.
    private mutating func takeNumber(maxDigits: Int) -> UInt64?? {
        var number: UInt64 = 0
        var digits = 0
        while let byte = self.rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            digits += 1
            guard digits <= maxDigits else { return nil }
            number = number * 10 + UInt64(byte - UInt8(ascii: "0"))
            _ = self.rest.popFirst()
        }
        return .some(digits > 0 ? number : nil)
    }

    /// What each type asks of its payload and ack id.
    private static func check(_ payload: JSON?, of type: PacketType, id: UInt64?) throws(PacketError) {
        switch type {
        case .connect:
            guard payload == nil || payload?.objectValue != nil else { throw .invalidPayload }
        case .disconnect:
            guard payload == nil else { throw .invalidPayload }
        case .connectError:
            switch payload {
            // A bare string is what older servers sent.
            case .object, .string: break
            case .none, .null, .bool, .int, .double, .illFormedString, .array, .binary: throw .invalidPayload
            }
        case .event, .binaryEvent:
            guard case .array(let elements) = payload else { throw .invalidPayload }
            switch elements.first {
            case .string(let name):
                if self.reservedEvents.contains(name) { throw .reservedEvent }
            case .int, .double: break
            case .none, .null, .bool, .illFormedString, .array, .object, .binary: throw .invalidPayload
            }
        case .ack, .binaryAck:
            guard id != nil, payload?.arrayValue != nil else { throw .invalidPayload }
        }
    }

    private static let reservedEvents: Set<String> = [
        "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener",
    ]
}
