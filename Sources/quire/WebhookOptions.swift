import ArgumentParser
import Collaboration
import Foundation
import QuireServer

/// Whom the server tells what happens.
struct WebhookOptions: ParsableArguments {
    @Option(
        name: .customLong("webhook"),
        help: ArgumentHelp(
            "An address that is told what happens; may be repeated. Needs --webhook-secret.",
            valueName: "url"
        )
    )
    var webhooks: [String] = []

    @Option(
        help: ArgumentHelp(
            "What webhooks are signed with: whsec_ and base64, or any text of 24 bytes. Better in QUIRE_WEBHOOK_SECRET.",
            valueName: "secret"
        )
    )
    var webhookSecret: String?

    @Option(
        name: .customLong("webhook-event"),
        help: ArgumentHelp(
            "One of \(WebhookEvent.Kind.allCases.map(\.rawValue).joined(separator: ", ")); may be repeated. (default: all)",
            valueName: "type"
        )
    )
    var webhookEvents: [String] = []

    @Option(help: "Seconds without writing after which document.changed is told. (default: 2)")
    var webhookQuietSeconds: Int?

    @Option(help: "Seconds of writing after which it is told all the same. (default: 30)")
    var webhookIntervalSeconds: Int?

    @Option(
        name: .customLong("webhook-retry"),
        help: ArgumentHelp(
            "Seconds after a failed attempt until the next; may be repeated. (default: 5, 300, 1800, 7200, 18000, 36000)",
            valueName: "seconds"
        )
    )
    var webhookRetries: [String] = []

    @Option(help: "Deliveries that one receiver may have waiting or given up. (default: 10000)")
    var maxWebhookDeliveries: Int?

    /// - Throws: when something is not what it should be.
    func read(from settings: inout SettingReader) throws -> WebhookConfiguration {
        var webhooks = WebhookConfiguration()
        webhooks.receivers = try settings.strings("webhook", flag: self.webhooks) { address in
            // What follows the host often is what lets a request in.
            guard let url = URL(string: address), let scheme = url.scheme, let host = url.host else {
                return "<secret>"
            }
            return "\(scheme)://\(host)\(url.port.map { ":\($0)" } ?? "")/…"
        }
        webhooks.secret = try settings.secret("webhook-secret", flag: webhookSecret)
        let events = try settings.strings("webhook-event", flag: webhookEvents)
        if !events.isEmpty {
            webhooks.kinds = []
            for event in events {
                guard let kind = WebhookEvent.Kind(rawValue: event) else {
                    throw ValidationError("webhook-event: there is no event \(event)")
                }
                webhooks.kinds.insert(kind)
            }
        }
        webhooks.quietSeconds = try settings.int(
            "webhook-quiet-seconds",
            flag: webhookQuietSeconds,
            default: webhooks.quietSeconds
        )
        webhooks.intervalSeconds = try settings.int(
            "webhook-interval-seconds",
            flag: webhookIntervalSeconds,
            default: webhooks.intervalSeconds
        )
        let retries = try settings.strings("webhook-retry", flag: webhookRetries)
        if !retries.isEmpty {
            webhooks.retrySeconds = try retries.map { text in
                guard let seconds = Int(text) else { throw ValidationError("webhook-retry: \(text) is no number") }
                return seconds
            }
        }
        webhooks.maximumCount = try settings.int(
            "max-webhook-deliveries",
            flag: maxWebhookDeliveries,
            default: webhooks.maximumCount
        )
        return webhooks
    }
}
