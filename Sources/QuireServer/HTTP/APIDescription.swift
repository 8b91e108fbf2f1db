import Hummingbird
import SocketIOProtocol

/// `/openapi.json`: the HTTP interface in OpenAPI 3.1.
///
/// It is text, as those who read it know it. A test holds it to the routes, both ways.
enum APIDescription {
    /// The whole description.
    static let json = parsed(
        """
        {
          "openapi": "3.1.0",
          "info": {
            "title": "Quire", "version": "1",
            "description": "Documents that people edit together. Every refusal is {code, message, retryable}."
          },
          "paths": \(paths),
          "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "parameters": \(parameters),
            "headers": \(headers),
            "responses": {
              "Problem": {
                "description": "Refused.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
              }
            },
            "schemas": \(schemas)
          },
          "security": [{"token": []}, {}]
        }
        """
    )

    /// Adds the route that serves it.
    static func add(to router: Router<BasicRequestContext>) {
        let bytes = json.serialize()
        router.get("/openapi.json") { _, _ in HTTPReply.bytes(bytes, contentType: "application/json") }
    }

    /// The methods of each path.
    static let methods: [(path: String, methods: [String])] = {
        let members = json["paths"]?.objectValue?.members ?? []
        return members.map { member in
            let names = member.value.objectValue?.members.map { $0.key.uppercased() } ?? []
            return (member.key, names.flatMap { $0 == "GET" ? ["GET", "HEAD"] : [$0] })
        }
    }()

    /// The methods that a path understands, for `Allow`; nil when nothing is described for it.
    static func methods(for path: String) -> [String]? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let fitting = methods.filter { entry in
            let pattern = entry.path.split(separator: "/", omittingEmptySubsequences: false)
            guard pattern.count == parts.count else { return false }
            for (expected, part) in zip(pattern, parts) {
                let isParameter = expected.first == "{" && !part.isEmpty
                if expected != part, !isParameter { return false }
            }
            return true
        }
        return fitting.first?.methods
    }

    private static func parsed(_ text: String) -> JSON {
        guard let value = try? JSON.parse(Array(text.utf8)) else {
            preconditionFailure("The description of the interface is no JSON.")
        }
        return value
    }
}
