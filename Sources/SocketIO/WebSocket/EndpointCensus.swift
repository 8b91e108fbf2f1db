import NIOCore

/// How many connections an endpoint has, from where, and whether there may be one more.
///
/// Confined to whoever holds it; an endpoint holds it under a lock, so that the limits are exact over all event loops.
struct EndpointCensus {
    /// Why there may not.
    enum Refusal: Error {
        /// The endpoint has all that it may have.
        case full
        /// This address has.
        case addressFull
        /// This address comes too often.
        case tooMany
    }

    private let maxConnections: Int
    private let maxConnectionsPerAddress: Int
    private var limiter: AddressLimiter
    private(set) var count = 0
    private var countByAddress: [AddressKey: Int] = [:]

    /// A census without anybody; nil is no limit.
    init(maxConnections: Int?, maxConnectionsPerAddress: Int?, rate: RateLimit? = nil) {
        self.limiter = AddressLimiter(rate)
        self.maxConnections = maxConnections ?? .max
        self.maxConnectionsPerAddress = maxConnectionsPerAddress ?? .max
    }

    /// Counts one more.
    mutating func enter(_ address: AddressKey, now: NIODeadline = .now()) throws(Refusal) {
        guard self.count < self.maxConnections else { throw .full }
        guard self.countByAddress[address, default: 0] < self.maxConnectionsPerAddress else { throw .addressFull }
        // Last, so that whoever is refused for another reason spends nothing.
        guard self.limiter.admits(address, now: now) else { throw .tooMany }
        self.count += 1
        self.countByAddress[address, default: 0] += 1
    }

    /// Counts one less of those that entered.
    mutating func leave(_ address: AddressKey) {
        self.count -= 1
        let left = self.countByAddress[address, default: 0] - 1
        // Addresses that nobody connects from are not remembered.
        self.countByAddress[address] = left > 0 ? left : nil
    }
}
