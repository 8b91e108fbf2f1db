/// The channels of one namespace, named as the original Redis adapter names them.
struct AdapterChannels: Sendable, Hashable {
    /// `socket.io#/chat#`: what all are told.
    let broadcast: String
    /// `socket.io-request#/chat#`: questions and orders.
    let request: String
    /// `socket.io-response#/chat#`: answers.
    let response: String

    init(prefix: String, namespace: String) {
        self.broadcast = "\(prefix)#\(namespace)#"
        self.request = "\(prefix)-request#\(namespace)#"
        self.response = "\(prefix)-response#\(namespace)#"
    }

    /// `socket.io#/chat#room#`: what one room is told.
    func broadcast(to room: String) -> String { "\(self.broadcast)\(room)#" }

    /// `socket.io-response#/chat#node#`: answers to one node.
    func response(to node: String) -> String { "\(self.response)\(node)#" }

    /// What a node listens to.
    func topics(node: String) -> [RedisTopic] {
        [
            .pattern(RedisTopic.literal(self.broadcast) + "*"), .channel(self.request), .channel(self.response),
            .channel(self.response(to: node)),
        ]
    }
}
