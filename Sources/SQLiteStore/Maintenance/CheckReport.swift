/// What a check of a database found.
public struct CheckReport: Hashable, Sendable {
    /// Something that is not as it was written.
    public struct Finding: Hashable, Sendable, CustomStringConvertible {
        /// The document; `nil` when it is about the file.
        public var document: String?
        /// What it is: `change`, `snapshot`, `version`, `role`, `reply`, `webhook`, `revocation`,
        /// `document`, `file`, `reference`.
        public var item: String
        /// Its revision or number, where it has one.
        public var number: Int64?
        /// What is wrong with it.
        public var reason: String

        /// For people, in one line.
        public var description: String {
            let place = [document.map { "document \($0)" }, "\(item)\(number.map { " \($0)" } ?? "")"]
            return place.compactMap(\.self).joined(separator: ", ") + ": " + reason
        }
    }

    /// How many rows were read.
    public struct Counts: Hashable, Sendable {
        /// Documents, also those of which only parts are left.
        public var documents = 0
        /// Entries of their logs.
        public var changes = 0
        /// Their snapshots.
        public var snapshots = 0
        /// Their versions.
        public var versions = 0
        /// Roles that were assigned.
        public var roles = 0
        /// Answers that are kept.
        public var replies = 0
        /// Deliveries of webhooks.
        public var webhooks = 0
        /// Revoked tokens and users.
        public var revocations = 0
        /// Rows that a server found damaged before.
        public var quarantined = 0
    }

    /// What was read.
    public var counts = Counts()

    /// How many findings there are.
    public var findingCount = 0

    /// Whether everything is as it was written.
    public var isSound: Bool { findingCount == 0 }
}
