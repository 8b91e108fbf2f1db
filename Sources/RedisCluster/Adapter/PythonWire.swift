import SocketIO
import SocketIOProtocol

/// What python-socketio's `RedisManager` publishes: JSON on one channel for all namespaces.
///
/// Only JSON is read, which it writes since its version 5.14; the pickles of older versions are programs, and are not run.
enum PythonWire {
    /// What a message orders; nil for what is none, and for what only Python's own servers are concerned with.
    ///
    /// Any bytes give one or the other. A callback that the sender asks for is not called.
    static func message(_ payload: [UInt8], limits: JSON.Limits) -> ClusterMessage? {
        guard let object = try? JSON.parse(payload, limits: limits), let method = object["method"]?.stringValue,
            let request = self.request(method, object)
        else { return nil }
        return ClusterMessage(
            // Never the name of one of our nodes, which have no colon.
            sender: "python:" + (object["host_id"]?.stringValue ?? ""),
            namespace: object["namespace"]?.stringValue ?? "/",
            requestID: nil,
            request: request
        )
    }

    private static func request(_ method: String, _ object: JSON) -> ClusterRequest? {
        switch method {
        case "emit":
            guard let name = object["event"]?.stringValue, !AdapterWire.isReserved(name),
                let arguments = self.arguments(object), let rooms = self.names(object["room"]),
                let except = self.names(object["skip_sid"])
            else { return nil }
            return .broadcast(
                event: [.string(name)] + arguments,
                to: SocketSelection(rooms: rooms, except: except)
            )
        case "disconnect":
            return self.socket(object).map { .disconnect($0, close: false) }
        case "enter_room":
            guard let socket = self.socket(object), let room = object["room"]?.stringValue else { return nil }
            return .join(socket, rooms: [room])
        case "leave_room":
            guard let socket = self.socket(object), let room = object["room"]?.stringValue else { return nil }
            return .leave(socket, rooms: [room])
        case "close_room":
            guard let room = object["room"]?.stringValue else { return nil }
            return .leave(SocketSelection(rooms: [room]), rooms: [room])
        case _:
            return nil
        }
    }

    private static func socket(_ object: JSON) -> SocketSelection? {
        object["sid"]?.stringValue.map { SocketSelection(rooms: [$0]) }
    }

    /// One name, several, or none.
    private static func names(_ value: JSON?) -> [String]? {
        switch value {
        case nil, .null: return []
        case .string(let name): return [name]
        case .array(let elements):
            let names = elements.compactMap(\.stringValue)
            // No name at all would mean everybody.
            return names.count == elements.count && !names.isEmpty ? names : nil
        case _: return nil
        }
    }

    private static func arguments(_ object: JSON) -> [JSON]? {
        guard var data = object["data"]?.arrayValue else { return nil }
        if object["binary"]?.boolValue == true {
            guard let whole = data.first?.arrayValue else { return nil }
            var attachments: [[UInt8]] = []
            for encoded in data.dropFirst() {
                guard let text = encoded.stringValue, let bytes = Base64.decode(Array(text.utf8)[...]) else {
                    return nil
                }
                attachments.append(bytes)
            }
            var arguments: [JSON] = []
            for argument in whole {
                guard let filled = self.fill(argument, with: attachments) else { return nil }
                arguments.append(filled)
            }
            data = arguments
        }
        // `emit("event")` and `emit("event", None)` are one there, and send no argument.
        return data == [.null] ? [] : data
    }

    /// Puts the attachments in their places.
    ///
    /// - Complexity: O(*n*); as deep as the parser allowed.
    private static func fill(_ value: JSON, with attachments: [[UInt8]]) -> JSON? {
        switch value {
        case .array(let elements):
            var filled: [JSON] = []
            filled.reserveCapacity(elements.count)
            for element in elements {
                guard let one = self.fill(element, with: attachments) else { return nil }
                filled.append(one)
            }
            return .array(filled)
        case .object(let object):
            if object["_placeholder"]?.boolValue == true {
                guard let number = object["num"]?.intValue, attachments.indices.contains(number) else { return nil }
                return .binary(attachments[number])
            }
            var members: [(String, JSON)] = []
            for member in object.members {
                guard let one = self.fill(member.value, with: attachments) else { return nil }
                members.append((member.key, one))
            }
            return .object(JSONObject(members))
        case .null, .bool, .int, .double, .string, .illFormedString, .binary:
            return value
        }
    }
}
