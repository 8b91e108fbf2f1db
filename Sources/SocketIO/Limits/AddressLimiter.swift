import NIOCore

/// New connections per address: one bucket for each address that connected lately.
struct AddressLimiter {
    /// The most addresses remembered.
    ///
    /// Past it full buckets are forgotten, and if there are none newcomers are refused: the server is then under an
    /// attack from that many addresses at once.
    private static let maxAddresses = 65_536

    private let limit: RateLimit?
    private var buckets: [AddressKey: TokenBucket] = [:]
    /// When full buckets were last forgotten.
    ///
    /// A walk over all of them for each newcomer would be an attack in itself.
    private var forgotAt: NIODeadline?

    /// A limiter; without a limit it admits everybody.
    init(_ limit: RateLimit?) {
        self.limit = limit
    }

    /// Whether `address` may connect now.
    mutating func admits(_ address: String, now: NIODeadline) -> Bool {
        guard self.limit != nil else { return true }
        return self.admits(AddressKey(address), now: now)
    }

    /// Whether this address may connect now.
    mutating func admits(_ address: AddressKey, now: NIODeadline) -> Bool {
        guard let limit = self.limit else { return true }
        if self.buckets.count >= Self.maxAddresses, self.buckets[address] == nil {
            if self.forgotAt.map({ now >= $0 + .seconds(1) }) ?? true {
                self.forgotAt = now
                self.forgetFullBuckets(now: now)
            }
            guard self.buckets.count < Self.maxAddresses else { return false }
        }
        return self.buckets[address, default: TokenBucket(limit, now: now)].take(now: now)
    }

    private mutating func forgetFullBuckets(now: NIODeadline) {
        self.buckets = self.buckets.filter { entry in
            var bucket = entry.value
            return !bucket.isFull(now: now)
        }
    }
}
