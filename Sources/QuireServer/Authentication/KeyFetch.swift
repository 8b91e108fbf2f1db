import Foundation
import Synchronization

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// One GET of a JWK set: bounded in bytes and time, no redirects, nothing kept.
///
/// On Foundation's own threads, never on an event loop.
final class KeyFetch: NSObject, URLSessionDataDelegate, Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var maximumAge: Double?
        var failure: KeySourceError?
        var waiter: CheckedContinuation<Result<KeySource.Answer, KeySourceError>, Never>?
    }

    private let state = Mutex(State())

    /// Gets an address.
    static func fetch(_ address: String, timeout: Duration) async throws(KeySourceError) -> KeySource.Answer {
        guard let url = URL(string: address), let host = url.host, !host.isEmpty else {
            throw .unreachable("not an address")
        }
        let configuration = URLSessionConfiguration.ephemeral
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        configuration.httpShouldSetCookies = false
        let fetch = KeyFetch()
        let session = URLSession(configuration: configuration, delegate: fetch, delegateQueue: nil)
        defer { session.invalidateAndCancel() }
        var request = URLRequest(url: url)
        request.setValue("application/json", forHTTPHeaderField: "Accept")
        let task = session.dataTask(with: request)
        // Of our own: Foundation's timeouts begin anew with each byte.
        let alarm = Task {
            try await Task.sleep(for: timeout)
            fetch.end(.failure(.unreachable("no answer within \(timeout)")))
        }
        defer { alarm.cancel() }
        let result = await withCheckedContinuation { continuation in
            fetch.state.withLock { $0.waiter = continuation }
            task.resume()
        }
        return try result.get()
    }

    private func end(_ result: Result<KeySource.Answer, KeySourceError>) {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: result)
    }

    func urlSession(
        _ session: URLSession,
        dataTask: URLSessionDataTask,
        didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        let answer = response as? HTTPURLResponse
        guard let answer, answer.statusCode == 200 else {
            state.withLock { $0.failure = .unreachable("status \(answer?.statusCode ?? 0)") }
            return completionHandler(.cancel)
        }
        let age = answer.value(forHTTPHeaderField: "Cache-Control").flatMap(Self.maximumAge)
        state.withLock { $0.maximumAge = age }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLarge = state.withLock { state in
            guard state.bytes.count + data.count <= KeySet.maximumBytes else {
                state.failure = .unusable("larger than \(KeySet.maximumBytes) bytes")
                return true
            }
            state.bytes += data
            return false
        }
        if isTooLarge { dataTask.cancel() }
    }

    func urlSession(
        _ session: URLSession,
        task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest,
        completionHandler: @escaping (URLRequest?) -> Void
    ) {
        // Whoever may redirect could say whose keys we trust, on machines only we can reach.
        state.withLock { $0.failure = .unreachable("redirected, which is not followed") }
        completionHandler(nil)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let result: Result<KeySource.Answer, KeySourceError> = state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            if let error { return .failure(.unreachable("\(type(of: error)) \((error as NSError).code)")) }
            return .success(KeySource.Answer(bytes: state.bytes, maximumAge: state.maximumAge))
        }
        end(result)
    }

    /// The seconds of `max-age` in a `Cache-Control` header.
    static func maximumAge(_ header: String) -> Double? {
        for directive in header.split(separator: ",") {
            let parts = directive.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2, parts[0].lowercased() == "max-age" { return Double(parts[1]) }
        }
        return nil
    }
}
