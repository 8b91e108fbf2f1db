import SocketIO
import SocketIOProtocol

/// Who is where on all servers: each is asked for its own.
///
/// Nothing is kept of the others, so that nobody stays in a room whose server was killed.
extension Roster {
    /// Between servers only; clients cannot send it.
    private static let event = "quire:roster"
    /// A server that is as busy is not waited for: its members are missing in this answer.
    private static let timeout = Duration.seconds(1)
    /// The most names that a server tells.
    private static let maximumNames = 1000

    /// Answers the other servers; nothing to do where there are none.
    func share(in namespace: Namespace) {
        guard namespace.isClustered else { return }
        namespace.onServerSide(Self.event) { [self] arguments in
            guard let room = arguments.first?.stringValue else { return nil }
            let limit = min(max(0, arguments.count > 1 ? arguments[1].intValue ?? 0 : 0), Self.maximumNames)
            let (first, count) = members(of: room, limit: limit)
            let members = first.map { JSON.array([.string($0.socket), .string($0.name)]) }
            return ["count": .int(count), "members": .array(members)]
        }
    }

    /// Those in a room on all servers: of each one those who have been there longest, `limit` in all, and how many there
    /// are.
    func members(of room: String, limit: Int, in namespace: Namespace) async -> (first: [Member], count: Int) {
        var (first, count) = members(of: room, limit: limit)
        let question: [JSON] = [.string(room), .int(limit)]
        for answer in await namespace.serverSideEmitWithAck(Self.event, question, timeout: Self.timeout) {
            // Counts below zero, or beyond what any server has, would come of a foreign one.
            guard let others = answer["count"]?.intValue, (0...1 << 32).contains(others) else { continue }
            count += others
            for member in answer["members"]?.arrayValue ?? [] where first.count < limit {
                guard let socket = member[0]?.stringValue, let name = member[1]?.stringValue else { continue }
                first.append(Member(socket: socket, name: name))
            }
        }
        return (first, count)
    }
}
