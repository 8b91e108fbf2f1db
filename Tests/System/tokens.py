"""JSON Web Tokens by hand, so that broken ones can be made as well."""

import base64
import hashlib
import hmac
import json
import time

SECRET = "a-secret-for-tests-with-more-than-32-bytes"


def encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def claims_of(**more) -> dict:
    """The claims of the user "u1", good for an hour, with `more`; a claim of None is left out."""
    base = {"sub": "u1", "name": "Una", "exp": int(time.time()) + 3600}
    return {key: value for key, value in {**base, **more}.items() if value is not None}


def make(claims: object = None, header: object = None, secret: str = SECRET, digest=hashlib.sha256, **more) -> str:
    """A token with `claims_of(**more)`, unless there are other claims."""
    claims = claims_of(**more) if claims is None else claims
    header = {"alg": "HS256", "typ": "JWT"} if header is None else header
    signed = ".".join(encode(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{encode(hmac.new(secret.encode(), signed.encode(), digest).digest())}"
