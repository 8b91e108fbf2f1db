import Foundation

/// What a user's id (`sub`) may be.
enum UserID {
    /// The most bytes one has.
    static let maximumByteCount = 256

    /// Whether a text is one: not empty, not too long, without a NUL, and in Unicode's normal form C.
    ///
    /// A NUL would end it in the database, and then it is not what its checksum was made of: the log of a document would count
    /// as damaged.
    ///
    /// Strings are equal in Swift when they are canonically equivalent: two ids that differ in bytes alone would be one user.
    /// With one spelling allowed there is one id a user.
    static func isValid(_ id: String) -> Bool {
        (1...maximumByteCount).contains(id.utf8.count) && !id.utf8.contains(0)
            && id.utf8.elementsEqual(id.precomposedStringWithCanonicalMapping.utf8)
    }
}
