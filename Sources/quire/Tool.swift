import ArgumentParser
import Foundation

/// Why a command did not do what it should.
struct ToolFailure: Error, CustomStringConvertible {
    let description: String
    /// The status that the command ends with.
    var status: Int32 = 1

    init(_ description: String, status: Int32 = 1) {
        self.description = description
        self.status = status
    }
}

/// What commands that work on files have in common.
enum Tool {
    /// Runs a command; says why it failed.
    static func run(_ body: () throws -> Void) throws {
        do { try body() } catch { throw ended(error) }
    }

    /// Runs a command; says why it failed.
    static func run(_ body: () async throws -> Void) async throws {
        do { try await body() } catch { throw ended(error) }
    }

    /// Writes a line to standard error.
    static func complain(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }

    private static func ended(_ error: any Error) -> any Error {
        if error is ExitCode { return error }
        complain("quire: \(error)")
        return ExitCode((error as? ToolFailure)?.status ?? 1)
    }
}
