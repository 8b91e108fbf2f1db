extension APIDescription {
    /// The operations, by path and method.
    static let paths = #"""
        {
          "/v1/docs": {"get": {"operationId": "listDocuments", "summary":
            "The documents that you may read, by name", "parameters": [{"$ref": "#/components/parameters/after"},
            {"$ref": "#/components/parameters/limit"}], "responses": {"200": {"description": "Done.", "content":
            {"application/json": {"schema": {"$ref": "#/components/schemas/DocumentList"}}}}, "400": {"$ref":
            "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403": {"$ref":
            "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500": {"$ref":
            "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}, "post":
            {"operationId": "createDocument", "summary": "Make a document; you are its admin", "parameters":
            [{"$ref": "#/components/parameters/IdempotencyKey"}], "requestBody": {"required": false, "content":
            {"application/json": {"schema": {"$ref": "#/components/schemas/NewDocument"}}}}, "responses": {"201":
            {"description": "Done.", "content": {"application/json": {"schema": {"$ref":
            "#/components/schemas/Outcome"}}}, "headers": {"ETag": {"$ref": "#/components/headers/ETag"},
            "Location": {"$ref": "#/components/headers/Location"}}}, "400": {"$ref":
            "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403": {"$ref":
            "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500": {"$ref":
            "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}, "409": {"$ref":
            "#/components/responses/Problem"}, "413": {"$ref": "#/components/responses/Problem"}, "422": {"$ref":
            "#/components/responses/Problem"}}}},
          "/v1/docs/{doc}": {"get": {"operationId": "getDocument", "summary": "What is in a document", "parameters":
            [{"$ref": "#/components/parameters/doc"}, {"$ref": "#/components/parameters/format"}, {"$ref":
            "#/components/parameters/root"}, {"$ref": "#/components/parameters/rev"}, {"$ref":
            "#/components/parameters/IfNoneMatch"}], "responses": {"200": {"description": "Done.", "content":
            {"application/json": {"schema": {"$ref": "#/components/schemas/Document"}}, "text/plain": {"schema":
            {}}, "application/octet-stream": {"schema": {}}}, "headers": {"ETag": {"$ref":
            "#/components/headers/ETag"}}}, "304": {"description": "It is as you know it."}, "400": {"$ref":
            "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403": {"$ref":
            "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500": {"$ref":
            "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}, "404": {"$ref":
            "#/components/responses/Problem"}, "410": {"$ref": "#/components/responses/Problem"}}}, "patch":
            {"operationId": "editDocument", "summary":
            "Edit a document by position, against a revision; open editors see it at once", "parameters": [{"$ref":
            "#/components/parameters/doc"}, {"$ref": "#/components/parameters/IfMatch"}, {"$ref":
            "#/components/parameters/IdempotencyKey"}], "requestBody": {"required": true, "content":
            {"application/json": {"schema": {"$ref": "#/components/schemas/Edit"}}}}, "responses": {"200":
            {"description": "Done.", "content": {"application/json": {"schema": {"$ref":
            "#/components/schemas/Outcome"}}}, "headers": {"ETag": {"$ref": "#/components/headers/ETag"}}}, "400":
            {"$ref": "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403":
            {"$ref": "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500":
            {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}, "404":
            {"$ref": "#/components/responses/Problem"}, "409": {"$ref": "#/components/responses/Problem"}, "412":
            {"$ref": "#/components/responses/Problem"}, "413": {"$ref": "#/components/responses/Problem"}, "422":
            {"$ref": "#/components/responses/Problem"}}}, "delete": {"operationId": "deleteDocument", "summary":
            "Delete a document with everything of it, and put out whoever is in it", "parameters": [{"$ref":
            "#/components/parameters/doc"}, {"$ref": "#/components/parameters/IfMatch"}], "responses": {"204":
            {"description": "Done."}, "400": {"$ref": "#/components/responses/Problem"}, "401": {"$ref":
            "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"}, "429": {"$ref":
            "#/components/responses/Problem"}, "500": {"$ref": "#/components/responses/Problem"}, "503": {"$ref":
            "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}, "412": {"$ref":
            "#/components/responses/Problem"}}}},
          "/v1/docs/{doc}/attribution": {"get": {"operationId": "getAttribution", "summary":
            "Who wrote which part of a text, as far back as the log is kept", "parameters": [{"$ref":
            "#/components/parameters/doc"}, {"$ref": "#/components/parameters/root"}, {"$ref":
            "#/components/parameters/from"}, {"$ref": "#/components/parameters/to"}], "responses": {"200":
            {"description": "Done.", "content": {"application/json": {"schema": {"$ref":
            "#/components/schemas/Attribution"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "401":
            {"$ref": "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"}, "429":
            {"$ref": "#/components/responses/Problem"}, "500": {"$ref": "#/components/responses/Problem"}, "503":
            {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}, "413":
            {"$ref": "#/components/responses/Problem"}}}},
          "/v1/docs/{doc}/versions": {"get": {"operationId": "listVersions", "summary":
            "The versions, the newest first", "parameters": [{"$ref": "#/components/parameters/doc"}, {"$ref":
            "#/components/parameters/before"}, {"$ref": "#/components/parameters/pageSize"}], "responses": {"200":
            {"description": "Done.", "content": {"application/json": {"schema": {"$ref":
            "#/components/schemas/VersionList"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "401":
            {"$ref": "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"}, "429":
            {"$ref": "#/components/responses/Problem"}, "500": {"$ref": "#/components/responses/Problem"}, "503":
            {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}}}, "post":
            {"operationId": "makeVersion", "summary": "Keep the document as it is now under a name", "parameters":
            [{"$ref": "#/components/parameters/doc"}, {"$ref": "#/components/parameters/IdempotencyKey"}],
            "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref":
            "#/components/schemas/NewVersion"}}}}, "responses": {"201": {"description": "Done.", "content":
            {"application/json": {"schema": {"$ref": "#/components/schemas/Version"}}}, "headers": {"Location":
            {"$ref": "#/components/headers/Location"}}}, "400": {"$ref": "#/components/responses/Problem"}, "401":
            {"$ref": "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"}, "429":
            {"$ref": "#/components/responses/Problem"}, "500": {"$ref": "#/components/responses/Problem"}, "503":
            {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}, "409":
            {"$ref": "#/components/responses/Problem"}, "413": {"$ref": "#/components/responses/Problem"}, "422":
            {"$ref": "#/components/responses/Problem"}}}},
          "/v1/docs/{doc}/versions/{version}": {"get": {"operationId": "getVersion", "summary":
            "A version with its content", "parameters": [{"$ref": "#/components/parameters/doc"}, {"$ref":
            "#/components/parameters/version"}, {"$ref": "#/components/parameters/versionFormat"}, {"$ref":
            "#/components/parameters/root"}], "responses": {"200": {"description": "Done.", "content":
            {"application/json": {"schema": {"$ref": "#/components/schemas/Version"}}, "text/plain": {"schema":
            {}}}}, "400": {"$ref": "#/components/responses/Problem"}, "401": {"$ref":
            "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"}, "429": {"$ref":
            "#/components/responses/Problem"}, "500": {"$ref": "#/components/responses/Problem"}, "503": {"$ref":
            "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}}}},
          "/v1/docs/{doc}/versions/{version}/diff/{other}": {"get": {"operationId": "compareVersions", "summary":
            "The edits that make of one version the other, or what the document is now (current)", "parameters":
            [{"$ref": "#/components/parameters/doc"}, {"$ref": "#/components/parameters/version"}, {"$ref":
            "#/components/parameters/other"}], "responses": {"200": {"description": "Done.", "content":
            {"application/json": {"schema": {"$ref": "#/components/schemas/Difference"}}}}, "400": {"$ref":
            "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403": {"$ref":
            "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500": {"$ref":
            "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}, "404": {"$ref":
            "#/components/responses/Problem"}}}},
          "/v1/docs/{doc}/versions/{version}/restore": {"post": {"operationId": "restoreVersion", "summary":
            "Make the document what it was, as a new change that everybody sees", "parameters": [{"$ref":
            "#/components/parameters/doc"}, {"$ref": "#/components/parameters/version"}, {"$ref":
            "#/components/parameters/IdempotencyKey"}], "responses": {"200": {"description": "Done.", "content":
            {"application/json": {"schema": {"$ref": "#/components/schemas/Restored"}}}}, "400": {"$ref":
            "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403": {"$ref":
            "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500": {"$ref":
            "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}, "404": {"$ref":
            "#/components/responses/Problem"}, "413": {"$ref": "#/components/responses/Problem"}, "422": {"$ref":
            "#/components/responses/Problem"}}}},
          "/v1/docs/{doc}/roles": {"get": {"operationId": "listRoles", "summary": "Who was given or denied a role",
            "parameters": [{"$ref": "#/components/parameters/doc"}], "responses": {"200": {"description": "Done.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RoleList"}}}}, "400": {"$ref":
            "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403": {"$ref":
            "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500": {"$ref":
            "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}, "404": {"$ref":
            "#/components/responses/Problem"}}}},
          "/v1/docs/{doc}/roles/{user}": {"get": {"operationId": "getRole", "summary": "What one user was given",
            "parameters": [{"$ref": "#/components/parameters/doc"}, {"$ref": "#/components/parameters/user"}],
            "responses": {"200": {"description": "Done.", "content": {"application/json": {"schema": {"$ref":
            "#/components/schemas/Assignment"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "401":
            {"$ref": "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"}, "429":
            {"$ref": "#/components/responses/Problem"}, "500": {"$ref": "#/components/responses/Problem"}, "503":
            {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}}}, "put":
            {"operationId": "putRole", "summary": "Give a user a role, or none; on open connections at once",
            "parameters": [{"$ref": "#/components/parameters/doc"}, {"$ref": "#/components/parameters/user"}],
            "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref":
            "#/components/schemas/Role"}}}}, "responses": {"200": {"description": "Done.", "content":
            {"application/json": {"schema": {"$ref": "#/components/schemas/Assignment"}}}}, "400": {"$ref":
            "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403": {"$ref":
            "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500": {"$ref":
            "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}, "404": {"$ref":
            "#/components/responses/Problem"}, "409": {"$ref": "#/components/responses/Problem"}, "413": {"$ref":
            "#/components/responses/Problem"}}}, "delete": {"operationId": "deleteRole", "summary":
            "Take that back: what the user's token grants counts again", "parameters": [{"$ref":
            "#/components/parameters/doc"}, {"$ref": "#/components/parameters/user"}], "responses": {"204":
            {"description": "Done."}, "400": {"$ref": "#/components/responses/Problem"}, "401": {"$ref":
            "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"}, "429": {"$ref":
            "#/components/responses/Problem"}, "500": {"$ref": "#/components/responses/Problem"}, "503": {"$ref":
            "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}, "409": {"$ref":
            "#/components/responses/Problem"}}}},
          "/v1/docs/{doc}/presence": {"get": {"operationId": "getPresence", "summary": "Who is in the document",
            "parameters": [{"$ref": "#/components/parameters/doc"}], "responses": {"200": {"description": "Done.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/MemberList"}}}}, "400":
            {"$ref": "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403":
            {"$ref": "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500":
            {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}, "404":
            {"$ref": "#/components/responses/Problem"}}}},
          "/v1/docs/{doc}/signal": {"post": {"operationId": "signal", "summary":
            "Tell everybody in the document something that is stored nowhere", "parameters": [{"$ref":
            "#/components/parameters/doc"}], "requestBody": {"required": true, "content": {"application/json":
            {"schema": {"$ref": "#/components/schemas/Signal"}}}}, "responses": {"200": {"description": "Done.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Signalled"}}}}, "400":
            {"$ref": "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403":
            {"$ref": "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500":
            {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}, "404":
            {"$ref": "#/components/responses/Problem"}, "413": {"$ref": "#/components/responses/Problem"}}}},
          "/v1/docs/{doc}/kick": {"post": {"operationId": "kick", "summary": "Put a user, or one session, out",
            "parameters": [{"$ref": "#/components/parameters/doc"}], "requestBody": {"required": true, "content":
            {"application/json": {"schema": {"$ref": "#/components/schemas/Kick"}}}}, "responses": {"200":
            {"description": "Done.", "content": {"application/json": {"schema": {"$ref":
            "#/components/schemas/Kicked"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "401": {"$ref":
            "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"}, "429": {"$ref":
            "#/components/responses/Problem"}, "500": {"$ref": "#/components/responses/Problem"}, "503": {"$ref":
            "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}, "413": {"$ref":
            "#/components/responses/Problem"}}}},
          "/v1/tokens": {"post": {"operationId": "makeToken", "summary": "A token for a user of your application",
            "parameters": [], "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref":
            "#/components/schemas/NewToken"}}}}, "responses": {"201": {"description": "Done.", "content":
            {"application/json": {"schema": {"$ref": "#/components/schemas/Token"}}}}, "400": {"$ref":
            "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403": {"$ref":
            "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500": {"$ref":
            "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}, "413": {"$ref":
            "#/components/responses/Problem"}, "501": {"$ref": "#/components/responses/Problem"}}}},
          "/v1/users/{user}/notify": {"post": {"operationId": "notify", "summary":
            "Notify a user wherever they are connected", "parameters": [{"$ref":
            "#/components/parameters/recipient"}], "requestBody": {"required": true, "content": {"application/json":
            {"schema": {"$ref": "#/components/schemas/Notification"}}}}, "responses": {"200": {"description":
            "Done.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Notified"}}}}, "400":
            {"$ref": "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403":
            {"$ref": "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500":
            {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}, "413":
            {"$ref": "#/components/responses/Problem"}}}},
          "/v1/revocations": {"get": {"operationId": "listRevocations", "summary":
            "Whose tokens are revoked, and which", "parameters": [{"$ref": "#/components/parameters/afterDelivery"},
            {"$ref": "#/components/parameters/pageSize"}], "responses": {"200": {"description": "Done.", "content":
            {"application/json": {"schema": {"$ref": "#/components/schemas/RevocationList"}}}}, "400": {"$ref":
            "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403": {"$ref":
            "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500": {"$ref":
            "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
          "/v1/revocations/users/{user}": {"put": {"operationId": "revokeUser", "summary":
            "Revoke the tokens of a user that were made before now, or earlier", "parameters": [{"$ref":
            "#/components/parameters/user"}], "requestBody": {"required": false, "content": {"application/json":
            {"schema": {"$ref": "#/components/schemas/RevokeUser"}}}}, "responses": {"200": {"description": "Done.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/UserRevocation"}}}}, "400":
            {"$ref": "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403":
            {"$ref": "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500":
            {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}, "409":
            {"$ref": "#/components/responses/Problem"}, "413": {"$ref": "#/components/responses/Problem"}}}, "delete":
            {"operationId": "liftUserRevocation", "summary": "Take that back", "parameters": [{"$ref":
            "#/components/parameters/user"}], "responses": {"204": {"description": "Done."}, "400": {"$ref":
            "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403": {"$ref":
            "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500": {"$ref":
            "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}, "404": {"$ref":
            "#/components/responses/Problem"}}}},
          "/v1/revocations/tokens/{jti}": {"put": {"operationId": "revokeToken", "summary":
            "Revoke one token, by its jti", "parameters": [{"$ref": "#/components/parameters/jti"}], "requestBody":
            {"required": false, "content": {"application/json": {"schema": {"$ref":
            "#/components/schemas/RevokeToken"}}}}, "responses": {"200": {"description": "Done.", "content":
            {"application/json": {"schema": {"$ref": "#/components/schemas/TokenRevocation"}}}}, "400": {"$ref":
            "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403": {"$ref":
            "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500": {"$ref":
            "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}, "409": {"$ref":
            "#/components/responses/Problem"}, "413": {"$ref": "#/components/responses/Problem"}}}, "delete":
            {"operationId": "liftTokenRevocation", "summary": "Take that back", "parameters": [{"$ref":
            "#/components/parameters/jti"}], "responses": {"204": {"description": "Done."}, "400": {"$ref":
            "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403": {"$ref":
            "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500": {"$ref":
            "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}, "404": {"$ref":
            "#/components/responses/Problem"}}}},
          "/v1/webhooks/deliveries": {"get": {"operationId": "listDeliveries", "summary":
            "What receivers of webhooks were not told yet", "parameters": [{"$ref":
            "#/components/parameters/deliveryState"}, {"$ref": "#/components/parameters/afterDelivery"}, {"$ref":
            "#/components/parameters/pageSize"}], "responses": {"200": {"description": "Done.", "content":
            {"application/json": {"schema": {"$ref": "#/components/schemas/DeliveryList"}}}}, "400": {"$ref":
            "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403": {"$ref":
            "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500": {"$ref":
            "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
          "/v1/webhooks/deliveries/{delivery}/retry": {"post": {"operationId": "retryDelivery", "summary":
            "Try a delivery again at once", "parameters": [{"$ref": "#/components/parameters/delivery"}],
            "responses": {"200": {"description": "Done.", "content": {"application/json": {"schema": {"$ref":
            "#/components/schemas/Retried"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "401": {"$ref":
            "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"}, "404": {"$ref":
            "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "500": {"$ref":
            "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
          "/healthz": {"get": {"operationId": "health", "summary": "Whether the server runs", "parameters": [],
            "responses": {"200": {"description": "Done.", "content": {"application/json": {"schema": {"$ref":
            "#/components/schemas/Health"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "401": {"$ref":
            "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"}, "429": {"$ref":
            "#/components/responses/Problem"}, "500": {"$ref": "#/components/responses/Problem"}, "503": {"$ref":
            "#/components/responses/Problem"}}}},
          "/readyz": {"get": {"operationId": "readiness", "summary": "Whether changes are stored", "parameters": [],
            "responses": {"200": {"description": "Done.", "content": {"application/json": {"schema": {"$ref":
            "#/components/schemas/Health"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "401": {"$ref":
            "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"}, "429": {"$ref":
            "#/components/responses/Problem"}, "500": {"$ref": "#/components/responses/Problem"}, "503": {"$ref":
            "#/components/responses/Problem"}}}},
          "/metrics": {"get": {"operationId": "metrics", "summary": "What is counted, for Prometheus", "parameters": [],
            "responses": {"200": {"description": "Done.", "content": {"text/plain": {"schema": {"type":
            "string"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "401": {"$ref":
            "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"}, "429": {"$ref":
            "#/components/responses/Problem"}, "500": {"$ref": "#/components/responses/Problem"}, "503": {"$ref":
            "#/components/responses/Problem"}}}},
          "/openapi.json": {"get": {"operationId": "description", "summary": "This description", "parameters": [],
            "responses": {"200": {"description": "Done.", "content": {"application/json": {"schema": {"$ref":
            "#/components/schemas/Anything"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "401": {"$ref":
            "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"}, "429": {"$ref":
            "#/components/responses/Problem"}, "500": {"$ref": "#/components/responses/Problem"}, "503": {"$ref":
            "#/components/responses/Problem"}}}}
        }
        """#
}
