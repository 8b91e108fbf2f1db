import RedisWire
import SocketIO
import SocketIOProtocol

/// The kinds of requests and responses, by their number on the wire.
enum AdapterType: Int {
    case sockets = 0
    case allRooms = 1
    case remoteJoin = 2
    case remoteLeave = 3
    case remoteDisconnect = 4
    case remoteFetch = 5
    case serverSideEmit = 6
    case broadcast = 7
    case broadcastClientCount = 8
    case broadcastAck = 9
}

/// Messages of a cluster in the form of the original Redis adapter: which channel, which bytes.
///
/// A broadcast is MessagePack `[node, packet, options]`. Requests and responses are objects, as JSON where that can hold them
/// and as MessagePack where they carry bytes; who reads them looks at the first byte.
struct AdapterWire: Sendable {
    /// A message as it is published.
    struct Publication {
        var channel: String
        var payload: [UInt8]
    }

    let prefix: String
    /// Whether answers go to the node that asked only, and not to all.
    let usesSpecificResponseChannels: Bool

    func channels(of namespace: String) -> AdapterChannels {
        AdapterChannels(prefix: self.prefix, namespace: namespace)
    }

    // MARK: Requests

    func publication(of message: ClusterMessage) -> Publication {
        let channels = self.channels(of: message.namespace)
        let object: JSON
        switch message.request {
        case .broadcast(let event, let selection):
            let parts: JSON = [
                .string(message.sender), Self.packet(event, message.namespace), Self.options(selection),
            ]
            let channel = selection.rooms.count == 1 ? channels.broadcast(to: selection.rooms[0]) : channels.broadcast
            return Publication(channel: channel, payload: MessagePack.encode(parts))
        case .broadcastWithAck(let event, let selection, let milliseconds):
            object = self.request(
                .broadcast,
                message,
                [
                    ("packet", Self.packet(event, message.namespace)),
                    ("opts", Self.options(selection, timeoutMilliseconds: milliseconds)),
                ]
            )
            // What carries a packet is never JSON in the original.
            return Publication(channel: channels.request, payload: MessagePack.encode(object))
        case .join(let selection, let rooms):
            object = self.request(
                .remoteJoin,
                message,
                [("opts", Self.options(selection)), ("rooms", Self.strings(rooms))]
            )
        case .leave(let selection, let rooms):
            object = self.request(
                .remoteLeave,
                message,
                [("opts", Self.options(selection)), ("rooms", Self.strings(rooms))]
            )
        case .disconnect(let selection, let close):
            object = self.request(
                .remoteDisconnect,
                message,
                [("opts", Self.options(selection)), ("close", .bool(close))]
            )
        case .fetchSockets(let selection):
            object = self.request(.remoteFetch, message, [("opts", Self.options(selection))])
        case .socketIDs(let selection):
            object = self.request(.sockets, message, [("rooms", Self.strings(selection.rooms))])
        case .allRooms:
            object = self.request(.allRooms, message, [])
        case .serverSideEmit(let event):
            object = self.request(.serverSideEmit, message, [("data", .array(event))])
        }
        return Publication(channel: channels.request, payload: Self.encode(object))
    }

    private func request(_ type: AdapterType, _ message: ClusterMessage, _ rest: [(String, JSON)]) -> JSON {
        var members: [(String, JSON)] = [("uid", .string(message.sender))]
        if let id = message.requestID { members.append(("requestId", .string(id))) }
        members.append(("type", .int(type.rawValue)))
        return .object(JSONObject(members + rest))
    }

    private static func packet(_ event: [JSON], _ namespace: String) -> JSON {
        ["type": .int(Int(PacketType.event.rawValue)), "data": .array(event), "nsp": .string(namespace)]
    }

    private static func options(_ selection: SocketSelection, timeoutMilliseconds: Int? = nil) -> JSON {
        var flags = JSONObject()
        if selection.isVolatile { flags["volatile"] = true }
        if let timeoutMilliseconds { flags["timeout"] = .int(timeoutMilliseconds) }
        return [
            "rooms": self.strings(selection.rooms), "except": self.strings(selection.except), "flags": .object(flags),
        ]
    }

    static func strings(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }

    // MARK: Responses

    /// - Returns: nil for an answer that nobody waits for.
    func publication(of response: ClusterResponse, to message: ClusterMessage) -> Publication? {
        guard let id = message.requestID else { return nil }
        let channels = self.channels(of: message.namespace)
        let isSpecific = self.usesSpecificResponseChannels && !message.sender.isEmpty
        let channel = isSpecific ? channels.response(to: message.sender) : channels.response
        func object(_ type: AdapterType?, _ rest: (String, JSON)...) -> JSON {
            let type = type.map { [("type", JSON.int($0.rawValue))] } ?? []
            return .object(JSONObject(type + [("requestId", .string(id))] + rest))
        }
        switch response {
        case .socketCount(let count):
            let payload = Self.encode(object(.broadcastClientCount, ("clientCount", .int(count))))
            return Publication(channel: channel, payload: payload)
        case .ack(let arguments):
            // The original tells the first argument only; what more there is, those who know `args` get.
            let all: [(String, JSON)] = arguments.count > 1 ? [("args", .array(arguments))] : []
            let members: [(String, JSON)] = [
                ("type", .int(AdapterType.broadcastAck.rawValue)), ("requestId", .string(id)),
                ("packet", arguments.first ?? .null),
            ]
            return Publication(channel: channel, payload: MessagePack.encode(.object(JSONObject(members + all))))
        case .sockets(let sockets):
            let payload = Self.encode(object(nil, ("sockets", .array(sockets.map(Self.description)))))
            return Publication(channel: channel, payload: payload)
        case .socketIDs(let ids):
            return Publication(channel: channel, payload: Self.encode(object(nil, ("sockets", Self.strings(ids)))))
        case .rooms(let rooms):
            return Publication(channel: channel, payload: Self.encode(object(nil, ("rooms", Self.strings(rooms)))))
        case .serverSide(let answer):
            // In the original always on the channel of all.
            let payload = Self.encode(object(.serverSideEmit, ("data", answer)))
            return Publication(channel: channels.response, payload: payload)
        case .done:
            return Publication(channel: channel, payload: Self.encode(object(nil)))
        }
    }

    private static func description(_ socket: SocketDescription) -> JSON {
        [
            "id": .string(socket.id), "handshake": ["auth": socket.auth],
            "rooms": self.strings([socket.id] + socket.rooms), "data": socket.data,
        ]
    }

    // MARK: Bytes

    private static func encode(_ object: JSON) -> [UInt8] {
        object.hasBinary ? MessagePack.encode(object) : object.serialize()
    }
}

extension JSON {
    /// Whether there are bytes in it, which JSON would lose.
    fileprivate var hasBinary: Bool {
        switch self {
        case .binary: true
        case .array(let elements): elements.contains { $0.hasBinary }
        case .object(let object): object.members.contains { $0.value.hasBinary }
        case .null, .bool, .int, .double, .string, .illFormedString: false
        }
    }
}
