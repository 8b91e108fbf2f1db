import Collaboration
import Logging
import ServiceLifecycle

/// Keeps a version of each document that was written to, when people pause, and now and then while they do not.
struct VersionKeeper: Service, CustomStringConvertible {
    /// How many documents are looked at in a second, so that a thousand that go quiet at once do not hold up everything.
    private static let documentsPerSecond = 20

    let activity: DocumentActivity
    let past: DocumentPast
    /// How long nothing was written; 0 keeps no versions.
    let quietSeconds: Int
    /// The longest time between the first thing written and the version.
    let intervalSeconds: Int
    let logger: Logger

    var description: String { "the automatic versions" }

    func run() async throws {
        guard quietSeconds > 0 else { return try await gracefulShutdown() }
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: .seconds(1))
                let due = activity.take(
                    quiet: .seconds(quietSeconds),
                    longest: .seconds(intervalSeconds),
                    limit: Self.documentsPerSecond
                )
                for entry in due { await keep(entry) }
            }
        }
    }

    private func keep(_ entry: DocumentActivity.Entry) async {
        do {
            let author = User(id: entry.user, name: entry.user)
            _ = try await past.makeVersion(of: entry.document, name: nil, author: author)
        } catch let error as RequestError where error == .unknownDocument {
            // Deleted meanwhile.
        } catch {
            let reason = (error as? RequestError)?.code ?? "\(type(of: error))"
            logger.warning("version not kept", metadata: ["doc": "\(entry.document)", "error": "\(reason)"])
        }
    }
}
