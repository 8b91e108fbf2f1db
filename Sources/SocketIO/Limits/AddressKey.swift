#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What counts as one address: an IPv4 address, or the first 64 bits of an IPv6 one.
///
/// A home has a whole /64 in IPv6, so that counting single addresses would bound nobody.
struct AddressKey: Hashable, Sendable {
    private let text: String

    /// The key of an address as a proxy or the system writes it; what is none counts as it is.
    init(_ address: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        // Without the zone of a link-local address, which `inet_pton` does not take.
        guard inet_pton(AF_INET6, String(address.prefix { $0 != "%" }), &bytes) == 1 else {
            self.text = address
            return
        }
        if bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] {
            // An IPv4 client at a socket for both.
            self.text = bytes.suffix(4).map { String($0) }.joined(separator: ".")
        } else {
            self.text = bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":") + "/64"
        }
    }
}
