import NIOCore

/// An HTTP response as it came.
struct RawResponse: Sendable {
    var status: Int
    var headers: [String: String]
    var body: String
}

extension RawClient {
    /// Sends a request and waits for its response.
    func request(
        _ method: String,
        _ target: String,
        headers: [String: String] = [:],
        body: String? = nil
    ) async throws -> RawResponse {
        try await self.sendRequest(method, target, headers: headers, body: body)
        return try await self.receiveResponse()
    }

    /// Sends a request.
    func sendRequest(
        _ method: String,
        _ target: String,
        headers: [String: String] = [:],
        body: String? = nil
    ) async throws {
        try await self.send(Self.requestText(method, target, headers: headers, body: body))
    }

    /// The bytes of a request.
    static func requestText(
        _ method: String,
        _ target: String,
        headers: [String: String] = [:],
        body: String? = nil
    ) -> String {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) { text += "\(name): \(value)\r\n" }
        if let body { text += "Content-Length: \(body.utf8.count)\r\n" }
        return text + "\r\n" + (body ?? "")
    }

    /// Waits for one response with a `Content-Length`, or without a body.
    func receiveResponse(timeout: TimeAmount = .seconds(10)) async throws -> RawResponse {
        try await self.receive(timeout: timeout, "HTTP response") { buffer in
            let view = buffer.readableBytesView
            guard let head = Self.headEnd(of: view) else { return nil }
            let lines = String(decoding: view[..<head], as: UTF8.self).split(separator: "\r\n")
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
            }
            let length = headers["content-length"].flatMap { Int($0) } ?? 0
            guard view.distance(from: head, to: view.endIndex) >= length + 4 else { return nil }
            buffer.moveReaderIndex(forwardBy: view.distance(from: view.startIndex, to: head) + 4)
            let body = buffer.readString(length: length) ?? ""
            let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            return RawResponse(status: status, headers: headers, body: body)
        }
    }

    private static func headEnd(of view: ByteBufferView) -> Int? {
        let mark = Array("\r\n\r\n".utf8)
        guard view.count >= 4 else { return nil }
        return (view.startIndex...view.endIndex - 4).first { Array(view[$0..<$0 + 4]) == mark }
    }
}
