import RedisWire
import SocketIO
import SocketIOProtocol

extension AdapterWire {
    /// What a message on a channel of a namespace says; nil for what is none, or says nothing that can be done.
    ///
    /// Any bytes give one or the other.
    static func broadcast(_ payload: [UInt8], namespace: String, limits: JSON.Limits) -> ClusterMessage? {
        guard case .array(let parts)? = try? MessagePack.decode(payload, limits: limits), parts.count >= 2,
            let sender = parts[0].stringValue, let event = Self.event(parts[1], namespace: namespace),
            let selection = Self.selection(parts.count > 2 ? parts[2] : [:])
        else { return nil }
        return ClusterMessage(
            sender: sender,
            namespace: namespace,
            requestID: nil,
            request: .broadcast(event: event, to: selection)
        )
    }

    /// A request; nil for what is none.
    static func request(_ payload: [UInt8], namespace: String, limits: JSON.Limits) -> ClusterMessage? {
        guard let object = Self.object(payload, limits: limits),
            let request = Self.request(object, namespace: namespace)
        else { return nil }
        let id = object["requestId"]
        // The sender knows the answer by it; a number stays one nowhere.
        guard id == nil || id?.isNull == true || id?.stringValue.map({ $0.utf8.count <= Self.maxIDBytes }) == true
        else {
            return nil
        }
        return ClusterMessage(
            // The emitter leaves it out at times.
            sender: object["uid"]?.stringValue ?? "",
            namespace: namespace,
            requestID: id?.stringValue,
            request: request
        )
    }

    private static func request(_ object: JSON, namespace: String) -> ClusterRequest? {
        guard let type = object["type"]?.intValue.flatMap({ AdapterType(rawValue: $0) }) else { return nil }
        switch type {
        case .sockets:
            guard let rooms = Self.names(object["rooms"] ?? []) else { return nil }
            return .socketIDs(SocketSelection(rooms: rooms))
        case .allRooms:
            return .allRooms
        case .remoteJoin:
            guard let (selection, rooms) = Self.rooms(object) else { return nil }
            return .join(selection, rooms: rooms)
        case .remoteLeave:
            guard let (selection, rooms) = Self.rooms(object) else { return nil }
            return .leave(selection, rooms: rooms)
        case .remoteDisconnect:
            guard let selection = Self.targets(object) else { return nil }
            return .disconnect(selection, close: object["close"]?.boolValue ?? false)
        case .remoteFetch:
            return Self.selection(object["opts"] ?? [:]).map { .fetchSockets($0) }
        case .serverSideEmit:
            guard let event = object["data"]?.arrayValue, event.first?.stringValue != nil else { return nil }
            return .serverSideEmit(event: event)
        case .broadcast:
            guard let options = object["opts"], let selection = Self.selection(options),
                let packet = object["packet"], let event = Self.event(packet, namespace: namespace)
            else { return nil }
            let wish = options["flags"]?["timeout"]?.intValue ?? 5000
            return .broadcastWithAck(
                event: event,
                to: selection,
                timeoutMilliseconds: min(max(1, wish), Self.maxTimeoutMilliseconds)
            )
        case .broadcastClientCount, .broadcastAck:
            return nil
        }
    }

    /// An answer, and the id of the request it is to; nil for what is none.
    static func response(_ payload: [UInt8], limits: JSON.Limits) -> (ClusterResponse, requestID: String)? {
        guard let object = Self.object(payload, limits: limits), let id = object["requestId"]?.stringValue else {
            return nil
        }
        switch object["type"]?.intValue.flatMap({ AdapterType(rawValue: $0) }) {
        case .broadcastClientCount:
            guard let count = object["clientCount"]?.intValue, (0...Self.maxSockets).contains(count) else { return nil }
            return (.socketCount(count), id)
        case .broadcastAck:
            return (.ack(object["args"]?.arrayValue ?? [object["packet"] ?? .null]), id)
        case .serverSideEmit:
            return (.serverSide(object["data"] ?? .null), id)
        case .sockets, .allRooms, .remoteJoin, .remoteLeave, .remoteDisconnect, .remoteFetch, .broadcast, nil:
            break
        }
        if let sockets = object["sockets"]?.arrayValue {
            let descriptions = sockets.compactMap(Self.description)
            if descriptions.count == sockets.count { return (.sockets(descriptions), id) }
            guard let ids = Self.names(.array(sockets)) else { return nil }
            return (.socketIDs(ids), id)
        }
        if let rooms = object["rooms"] { return Self.names(rooms).map { (.rooms($0), id) } }
        return (.done, id)
    }

    // MARK: Parts

    private static let maxIDBytes = 128
    private static let maxTimeoutMilliseconds = 3_600_000
    /// More than one machine has ports for; it keeps sums from overflowing.
    private static let maxSockets = 1 << 32

    /// Events that mean something to every Socket.IO client by themselves: one that is sent ends its connection.
    static func isReserved(_ event: String) -> Bool { Self.reserved.contains(event) }

    private static let reserved: Set<String> = [
        "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener",
    ]

    private static func object(_ payload: [UInt8], limits: JSON.Limits) -> JSON? {
        let value: JSON?
        if payload.first == UInt8(ascii: "{") {
            value = try? JSON.parse(payload, limits: limits)
        } else {
            value = try? MessagePack.decode(payload, limits: limits)
        }
        guard case .object? = value else { return nil }
        return value
    }

    private static func event(_ packet: JSON, namespace: String) -> [JSON]? {
        // Without one, `/` is meant.
        guard packet.objectValue != nil, (packet["nsp"]?.stringValue ?? "/").utf8.elementsEqual(namespace.utf8),
            packet["type"]?.intValue == Int(PacketType.event.rawValue)
                || packet["type"]?.intValue == Int(PacketType.binaryEvent.rawValue),
            let event = packet["data"]?.arrayValue, let name = event.first?.stringValue, !self.isReserved(name)
        else { return nil }
        return event
    }

    private static func selection(_ options: JSON) -> SocketSelection? {
        guard options.objectValue != nil, let rooms = self.names(options["rooms"] ?? []),
            let except = self.names(options["except"] ?? [])
        else { return nil }
        return SocketSelection(
            rooms: rooms,
            except: except,
            isVolatile: options["flags"]?["volatile"]?.boolValue ?? false
        )
    }

    /// Whom an order concerns: as of today `opts`, before version 6 of the adapter one `sid`.
    private static func targets(_ object: JSON) -> SocketSelection? {
        if let options = object["opts"] { return self.selection(options) }
        return object["sid"]?.stringValue.map { SocketSelection(rooms: [$0]) }
    }

    private static func rooms(_ object: JSON) -> (SocketSelection, [String])? {
        guard let selection = self.targets(object) else { return nil }
        if let rooms = object["rooms"] { return self.names(rooms).map { (selection, $0) } }
        return object["room"].flatMap { self.names([$0]) }.map { (selection, $0) }
    }

    /// Names of rooms or sockets; in JavaScript a room may be a number.
    private static func names(_ list: JSON) -> [String]? {
        guard let elements = list.arrayValue else { return nil }
        var names: [String] = []
        names.reserveCapacity(elements.count)
        for element in elements {
            switch element {
            case .string(let name): names.append(name)
            case .int(let number): names.append(String(number))
            case .null, .bool, .double, .illFormedString, .array, .object, .binary: return nil
            }
        }
        return names
    }

    private static func description(_ socket: JSON) -> SocketDescription? {
        guard let id = socket["id"]?.stringValue, let rooms = self.names(socket["rooms"] ?? []) else { return nil }
        return SocketDescription(
            id: id,
            // Its own id is a room there.
            rooms: rooms.filter { !$0.utf8.elementsEqual(id.utf8) },
            auth: socket["handshake"]?["auth"] ?? [:],
            data: socket["data"] ?? .null
        )
    }
}
