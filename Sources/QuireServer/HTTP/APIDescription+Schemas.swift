extension APIDescription {
    /// What is named in paths, queries and headers.
    static let parameters = #"""
        {
          "doc": {"name": "doc", "in": "path", "required": true, "schema": {"type": "string", "pattern":
            "^[A-Za-z0-9._~:-]{1,128}$"}},
          "user": {"name": "user", "in": "path", "required": true, "schema": {"type": "string", "pattern":
            "^[A-Za-z0-9_@+-]{1,64}$"}},
          "jti": {"name": "jti", "in": "path", "required": true, "schema": {"type": "string", "pattern":
            "^[A-Za-z0-9_@+-]{1,64}$"}},
          "recipient": {"name": "user", "in": "path", "required": true, "schema": {"type": "string", "minLength":
            1}},
          "version": {"name": "version", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1,
            "maximum": 9007199254740991}},
          "other": {"name": "other", "in": "path", "required": true, "schema": {"type": "string", "pattern":
            "^(current|[1-9][0-9]{0,8})$"}},
          "delivery": {"name": "delivery", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1,
            "maximum": 9007199254740991}},
          "deliveryState": {"name": "state", "in": "query", "schema": {"enum": ["waiting", "dead"]}},
          "afterDelivery": {"name": "after", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum":
            9007199254740991}},
          "after": {"name": "after", "in": "query", "schema": {"type": "string", "pattern":
            "^[A-Za-z0-9._~:-]{1,128}$"}},
          "limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000}},
          "before": {"name": "before", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum":
            9007199254740991}},
          "pageSize": {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
          "format": {"name": "format", "in": "query", "schema": {"enum": ["json", "text", "snapshot"]}},
          "versionFormat": {"name": "format", "in": "query", "schema": {"enum": ["json", "text"]}},
          "root": {"name": "root", "in": "query", "schema": {"type": "string", "minLength": 1}},
          "rev": {"name": "rev", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum":
            9007199254740991}},
          "from": {"name": "from", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum":
            2147483647}},
          "to": {"name": "to", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 2147483647}},
          "IfMatch": {"name": "If-Match", "in": "header", "schema": {"type": "string", "pattern":
            "^(\\*|\"[0-9a-f]{16}-[0-9]{1,10}\")$"}},
          "IfNoneMatch": {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}},
          "IdempotencyKey": {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "pattern":
            "^[!-~]{1,255}$"}}
        }
        """#

    /// What answers say in headers.
    static let headers = #"""
        {
          "ETag": {"schema": {"type": "string"}, "description": "The epoch and the revision of the document"},
          "Location": {"schema": {"type": "string"}}
        }
        """#

    /// The bodies, in JSON Schema.
    static let schemas = #"""
        {
          "Anything": {},
          "Problem": {"type": "object", "properties": {"code": {"type": "string"}, "message": {"type": "string"},
            "retryable": {"type": "boolean"}, "rev": {"type": "integer"}}, "required": ["code", "message",
            "retryable"]},
          "DocumentList": {"type": "object", "properties": {"docs": {"type": "array", "items": {"$ref":
            "#/components/schemas/DocumentLine"}}, "next": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
            "required": ["docs", "next"], "additionalProperties": false},
          "DocumentLine": {"type": "object", "properties": {"id": {"type": "string"}, "rev": {"type": "integer"},
            "created": {"type": "integer"}}, "required": ["id", "rev", "created"], "additionalProperties": false},
          "RevocationList": {"type": "object", "properties": {"revocations": {"type": "array", "items": {"anyOf":
            [{"$ref": "#/components/schemas/UserRevocation"}, {"$ref": "#/components/schemas/TokenRevocation"}]}},
            "next": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}, "required": ["revocations", "next"],
            "additionalProperties": false},
          "UserRevocation": {"type": "object", "properties": {"user": {"type": "string"}, "before": {"type": "number"},
            "by": {"type": "string"}, "time": {"type": "integer"}}, "required": ["user", "before", "by", "time"],
            "additionalProperties": false},
          "TokenRevocation": {"type": "object", "properties": {"token": {"type": "string"}, "until": {"anyOf":
            [{"type": "number"}, {"type": "null"}]}, "by": {"type": "string"}, "time": {"type": "integer"}},
            "required": ["token", "until", "by", "time"], "additionalProperties": false},
          "RevokeUser": {"type": "object", "properties": {"before": {"anyOf": [{"type": "number", "minimum": 0,
            "maximum": 9007199254740}, {"type": "null"}]}}, "additionalProperties": false},
          "RevokeToken": {"type": "object", "properties": {"exp": {"anyOf": [{"type": "number", "minimum": 0,
            "maximum": 9007199254740}, {"type": "null"}]}}, "additionalProperties": false},
          "DeliveryList": {"type": "object", "properties": {"deliveries": {"type": "array", "items": {"$ref":
            "#/components/schemas/Delivery"}}, "next": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
            "required": ["deliveries", "next"], "additionalProperties": false},
          "Delivery": {"type": "object", "properties": {"delivery": {"type": "integer"}, "event": {"type": "string"},
            "type": {"type": "string"}, "doc": {"type": "string"}, "receiver": {"type": "string"}, "attempts":
            {"type": "integer"}, "due": {"anyOf": [{"type": "integer"}, {"type": "null"}]}, "failure": {"anyOf":
            [{"type": "string"}, {"type": "null"}]}, "queued": {"type": "integer"}}, "required": ["delivery",
            "event", "type", "doc", "receiver", "attempts", "due", "failure", "queued"], "additionalProperties":
            false},
          "Retried": {"type": "object", "properties": {"delivery": {"type": "integer"}}, "required": ["delivery"],
            "additionalProperties": false},
          "NewDocument": {"type": "object", "properties": {"id": {"type": "string", "pattern":
            "^[A-Za-z0-9._~:-]{1,128}$"}, "ops": {"type": "array", "items": {"$ref":
            "#/components/schemas/Operation"}, "maxItems": 1000}}, "additionalProperties": false},
          "Document": {"type": "object", "properties": {"doc": {"type": "string"}, "epoch": {"type": "string"},
            "rev": {"type": "integer"}, "content": {"type": "object"}}, "required": ["doc", "epoch", "rev",
            "content"], "additionalProperties": false},
          "Edit": {"type": "object", "properties": {"rev": {"type": "integer", "minimum": 0, "maximum": 2147483647},
            "ops": {"type": "array", "items": {"$ref": "#/components/schemas/Operation"}, "maxItems": 1000}},
            "required": ["ops"], "additionalProperties": false},
          "Operation": {"anyOf": [{"$ref": "#/components/schemas/TextEdit"}, {"$ref":
            "#/components/schemas/ListEdit"}, {"$ref": "#/components/schemas/ListMove"}, {"$ref":
            "#/components/schemas/MapSet"}, {"$ref": "#/components/schemas/MapUnset"}]},
          "TextEdit": {"type": "object", "properties": {"text": {"type": "string", "pattern":
            "^[A-Za-z0-9_-]{1,60}(/[A-Za-z0-9_-]{1,60}){0,9}$"}, "at": {"type": "integer", "minimum": 0, "maximum":
            2147483647}, "delete": {"type": "integer", "minimum": 0, "maximum": 2147483647}, "insert": {"type":
            "string"}}, "required": ["text", "at"]},
          "ListEdit": {"type": "object", "properties": {"list": {"type": "string", "pattern":
            "^[A-Za-z0-9_-]{1,60}(/[A-Za-z0-9_-]{1,60}){0,9}$"}, "at": {"type": "integer", "minimum": 0, "maximum":
            2147483647}, "delete": {"type": "integer", "minimum": 0, "maximum": 2147483647}, "insert": {"type":
            "array", "items": {"$ref": "#/components/schemas/Value"}}}, "required": ["list", "at"]},
          "ListMove": {"type": "object", "properties": {"list": {"type": "string", "pattern":
            "^[A-Za-z0-9_-]{1,60}(/[A-Za-z0-9_-]{1,60}){0,9}$"}, "move": {"type": "array", "items": {"type":
            "integer", "minimum": 0, "maximum": 2147483647}, "minItems": 2, "maxItems": 2}}, "required": ["list",
            "move"]},
          "MapSet": {"type": "object", "properties": {"map": {"type": "string", "pattern":
            "^[A-Za-z0-9_-]{1,60}(/[A-Za-z0-9_-]{1,60}){0,9}$"}, "key": {"type": "string"}, "set": {"$ref":
            "#/components/schemas/Value"}}, "required": ["map", "key", "set"]},
          "MapUnset": {"type": "object", "properties": {"map": {"type": "string", "pattern":
            "^[A-Za-z0-9_-]{1,60}(/[A-Za-z0-9_-]{1,60}){0,9}$"}, "key": {"type": "string"}, "unset": {"const":
            true}}, "required": ["map", "key", "unset"]},
          "Value": {"anyOf": [{"type": ["null", "boolean", "string"]}, {"type": "number", "minimum":
            -9007199254740991, "maximum": 9007199254740991}, {"type": "array", "items": {"$ref":
            "#/components/schemas/Value"}}, {"type": "object", "additionalProperties": {"$ref":
            "#/components/schemas/Value"}}]},
          "Outcome": {"type": "object", "properties": {"doc": {"type": "string"}, "epoch": {"type": "string"},
            "rev": {"type": "integer"}}, "required": ["doc", "epoch", "rev"], "additionalProperties": false},
          "Attribution": {"type": "object", "properties": {"rev": {"type": "integer"}, "segments": {"type": "array",
            "items": {"$ref": "#/components/schemas/Segment"}}}, "required": ["rev", "segments"],
            "additionalProperties": false},
          "Segment": {"type": "object", "properties": {"at": {"type": "integer"}, "count": {"type": "integer"},
            "user": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "time": {"anyOf": [{"type": "integer"},
            {"type": "null"}]}, "rev": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}, "required": ["at",
            "count", "user", "time", "rev"], "additionalProperties": false},
          "VersionList": {"type": "object", "properties": {"versions": {"type": "array", "items": {"$ref":
            "#/components/schemas/Version"}}, "next": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
            "required": ["versions", "next"], "additionalProperties": false},
          "Version": {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"anyOf": [{"type":
            "string"}, {"type": "null"}]}, "automatic": {"type": "boolean"}, "created": {"type": "integer"}, "by":
            {"$ref": "#/components/schemas/User"}, "rev": {"type": "integer"}, "vector": {"type": "string"},
            "content": {"type": "object"}}, "required": ["id", "name", "automatic", "created", "by", "rev",
            "vector"], "additionalProperties": false},
          "NewVersion": {"type": "object", "properties": {"name": {"type": "string", "minLength": 1, "maxLength":
            200}}, "required": ["name"], "additionalProperties": false},
          "Difference": {"type": "object", "properties": {"from": {"type": "integer"}, "to": {"type": "integer"},
            "ops": {"type": "array", "items": {"type": "object"}}}, "required": ["from", "to", "ops"],
            "additionalProperties": false},
          "Restored": {"type": "object", "properties": {"rev": {"type": "integer"}}, "required": ["rev"],
            "additionalProperties": false},
          "User": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
            "required": ["id", "name"], "additionalProperties": false},
          "RoleList": {"type": "object", "properties": {"roles": {"type": "array", "items": {"$ref":
            "#/components/schemas/Assignment"}}}, "required": ["roles"], "additionalProperties": false},
          "Role": {"type": "object", "properties": {"role": {"enum": ["read", "comment", "write", "admin",
            "none"]}}, "required": ["role"], "additionalProperties": false},
          "Assignment": {"type": "object", "properties": {"user": {"type": "string"}, "role": {"enum": ["read",
            "comment", "write", "admin", "none"]}, "by": {"type": "string"}, "time": {"type": "integer"}},
            "required": ["user", "role", "by", "time"], "additionalProperties": false},
          "MemberList": {"type": "object", "properties": {"members": {"type": "array", "items": {"$ref":
            "#/components/schemas/Member"}}}, "required": ["members"], "additionalProperties": false},
          "Member": {"type": "object", "properties": {"session": {"type": "string"}, "user": {"$ref":
            "#/components/schemas/User"}, "state": {}}, "required": ["session", "user", "state"],
            "additionalProperties": false},
          "Signal": {"type": "object", "properties": {"payload": {}}, "required": ["payload"],
            "additionalProperties": false},
          "Signalled": {"type": "object", "properties": {"participants": {"type": "integer"}}, "required":
            ["participants"], "additionalProperties": false},
          "Kick": {"oneOf": [{"type": "object", "properties": {"user": {"type": "string"}}, "required": ["user"],
            "additionalProperties": false}, {"type": "object", "properties": {"session": {"type": "string"}},
            "required": ["session"], "additionalProperties": false}]},
          "Kicked": {"type": "object", "properties": {"sessions": {"type": "integer"}}, "required": ["sessions"],
            "additionalProperties": false},
          "NewToken": {"type": "object", "properties": {"sub": {"type": "string", "pattern":
            "^[A-Za-z0-9_@+-]{1,64}$"}, "name": {"type": "string", "maxLength": 64}, "docs": {"type": "object",
            "additionalProperties": {"enum": ["read", "comment", "write", "admin"]}, "propertyNames": {"minLength":
            1, "maxLength": 128}, "maxProperties": 10}, "ttl": {"type": "integer", "minimum": 1, "maximum":
            2592000}}, "required": ["sub"], "additionalProperties": false},
          "Token": {"type": "object", "properties": {"token": {"type": "string"}, "exp": {"type": "integer"},
            "jti": {"type": "string"}}, "required": ["token", "exp", "jti"], "additionalProperties": false},
          "Notification": {"type": "object"},
          "Notified": {"type": "object", "properties": {"id": {"type": "string"}, "sockets": {"type": "integer"}},
            "required": ["id", "sockets"], "additionalProperties": false},
          "Health": {"type": "object", "properties": {"status": {"const": "ok"}}, "required": ["status"],
            "additionalProperties": false}
        }
        """#
}
