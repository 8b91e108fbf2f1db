import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A GET over a plain socket: the tests need no HTTP client of their own making, nor one that might help the server along.
enum PlainRequest {
    static func get(_ path: String, port: Int, token: String? = nil) throws -> [UInt8] {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw QuireProcess.Failure(description: "no socket") }
        defer { close(socket) }
        var timeout = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw QuireProcess.Failure(description: "port \(port) does not answer") }
        let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\(authorization)Connection: close\r\n\r\n"
        guard send(socket, request, request.utf8.count, Int32(MSG_NOSIGNAL)) == request.utf8.count else {
            throw QuireProcess.Failure(description: "the request could not be sent")
        }
        var response: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            response += buffer[..<count]
        }
        let text = Data(response)
        guard let end = text.firstRange(of: Data("\r\n\r\n".utf8)) else {
            throw QuireProcess.Failure(description: "no HTTP answer to \(path)")
        }
        let head = String(decoding: text[..<end.lowerBound], as: UTF8.self)
        let status = head.prefix { $0 != "\r\n" }
        guard status.contains(" 200 ") else { throw QuireProcess.Failure(description: "\(path): \(status)") }
        guard !head.lowercased().contains("transfer-encoding") else {
            throw QuireProcess.Failure(description: "\(path): a chunked answer, which this client does not read")
        }
        return Array(text[end.upperBound...])
    }
}
