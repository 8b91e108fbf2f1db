public import Collaboration
import Foundation

/// Whom the server tells what happens, and how patiently.
public struct WebhookConfiguration: Sendable {
    /// The receivers' addresses, `http` or `https`.
    public var receivers: [String] = []

    /// What requests are signed with.
    public var secret: Secret?

    /// What receivers are told.
    public var kinds: Set<WebhookEvent.Kind> = Set(WebhookEvent.Kind.allCases)

    /// After how many seconds without writing a document counts as changed.
    public var quietSeconds = 2

    /// After how many seconds of writing it does all the same.
    public var intervalSeconds = 30

    /// How many seconds after each failed attempt the next one comes; when they are used up the delivery is given up.
    ///
    /// The beginning of the schedule that Standard Webhooks gives as an example: some 17 hours.
    public var retrySeconds = [5, 300, 1_800, 7_200, 18_000, 36_000]

    /// How many deliveries one receiver may have waiting or given up; what comes then is dropped.
    public var maximumCount = 10_000

    /// Nobody is told anything.
    public init() {}

    /// Refuses what cannot work.
    func validate() throws(ConfigurationError) {
        for receiver in receivers {
            let url = URL(string: receiver)
            guard let scheme = url?.scheme?.lowercased(), ["http", "https"].contains(scheme), let host = url?.host,
                !host.isEmpty, url?.user == nil, url?.password == nil
            else { throw .invalid("--webhook names what is no http(s) address without user and password") }
        }
        guard Set(receivers).count == receivers.count else { throw .invalid("--webhook names a receiver twice") }
        if !receivers.isEmpty {
            guard let secret else { throw .invalid("--webhook needs --webhook-secret (or QUIRE_WEBHOOK_SECRET)") }
            _ = try WebhookSignature(secret)
        }
        guard (1...86_400).contains(quietSeconds), (1...86_400).contains(intervalSeconds) else {
            throw .invalid("--webhook-quiet-seconds and --webhook-interval-seconds must be between 1 and 86400")
        }
        guard retrySeconds.count <= 50, retrySeconds.allSatisfy((0...604_800).contains) else {
            throw .invalid("--webhook-retry takes at most 50 numbers of seconds, each up to a week")
        }
        guard (1...1_000_000).contains(maximumCount) else {
            throw .invalid("--max-webhook-deliveries must be between 1 and 1000000")
        }
    }
}
