/// The members of a JSON object, in the order they were written.
///
/// A list of pairs, looked up by walking: the objects of this protocol have few keys, and a hash table would cost more
/// than it saves. Keys are unique; the parser keeps them so in linear time however many there are.
public struct JSONObject: Sendable {
    /// One member.
    public struct Member: Hashable, Sendable {
        /// The key.
        public var key: String
        /// The value.
        public var value: JSON

        /// Makes a member.
        public init(key: String, value: JSON) {
            self.key = key
            self.value = value
        }

        /// Equality by bytes, as for ``JSON``.
        public static func == (left: Member, right: Member) -> Bool {
            left.key.hasSameBytes(as: right.key) && left.value == right.value
        }
    }

    /// The members, keys unique, in order.
    public private(set) var members: [Member]

    /// An object without members.
    public init() {
        self.members = []
    }

    /// An object of these pairs.
    ///
    /// Of equal keys the last value wins, at the first one's place.
    ///
    /// - Complexity: O(*n*).
    public init(_ pairs: some Sequence<(String, JSON)>) {
        self.init(possiblyRepeated: pairs.map { Member(key: $0.0, value: $0.1) })
    }

    /// An object of members whose keys are known to be unique.
    init(unique members: [Member]) {
        self.members = members
    }

    /// An object of members whose keys may repeat; the last value of a key wins.
    init(possiblyRepeated members: [Member]) {
        self.members = members
        let isRepeated = members.count > 1 && (members.count <= 16 ? Self.hasRepeatedKey(members) : true)
        guard isRepeated else { return }
        var places: [KeyBytes: Int] = [:]
        places.reserveCapacity(members.count)
        self.members.removeAll(keepingCapacity: true)
        for member in members {
            let key = KeyBytes(text: member.key)
            if let place = places[key] {
                self.members[place].value = member.value
            } else {
                places[key] = self.members.count
                self.members.append(member)
            }
        }
    }

    private static func hasRepeatedKey(_ members: [Member]) -> Bool {
        for later in 1..<members.count {
            for earlier in 0..<later where members[earlier].key.hasSameBytes(as: members[later].key) {
                return true
            }
        }
        return false
    }

    /// The value of a key.
    ///
    /// Setting nil removes the member.
    ///
    /// - Complexity: O(*n*).
    public subscript(key: String) -> JSON? {
        get {
            for member in self.members where member.key.hasSameBytes(as: key) {
                return member.value
            }
            return nil
        }
        set {
            let place = self.members.firstIndex { $0.key.hasSameBytes(as: key) }
            switch (place, newValue) {
            case (let place?, let value?): self.members[place].value = value
            case (let place?, nil): self.members.remove(at: place)
            case (nil, let value?): self.members.append(Member(key: key, value: value))
            case (nil, nil): break
            }
        }
    }

    /// The number of members.
    public var count: Int { self.members.count }

    /// Whether there are no members.
    public var isEmpty: Bool { self.members.isEmpty }

    /// The keys in order.
    public var keys: [String] { self.members.map(\.key) }
}

extension JSONObject: Hashable, ExpressibleByDictionaryLiteral {
    /// An object of these pairs; of equal keys the last wins.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements)
    }
}

extension JSONObject {
    /// A key that is compared and hashed by its bytes.
    private struct KeyBytes: Hashable {
        let text: String

        static func == (left: KeyBytes, right: KeyBytes) -> Bool {
            left.text.hasSameBytes(as: right.text)
        }

        func hash(into hasher: inout Hasher) {
            // Not `String.hash`, which normalises: a hostile object can have 40,000 keys of other bytes and the same hash.
            var text = self.text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }
}
