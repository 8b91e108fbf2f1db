"""Somebody who signs tokens with keys of their own, by another library than the server's, and publishes the public ones."""

import http.server
import json
import threading

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt import algorithms

import tokens

ALGORITHMS = ["RS256", "ES256", "EdDSA"]
NAME, AUDIENCE = "https://id.example", "quire"
_MAKERS = {
    "RS256": (lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048), algorithms.RSAAlgorithm),
    "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), algorithms.ECAlgorithm),
    "EdDSA": (ed25519.Ed25519PrivateKey.generate, algorithms.OKPAlgorithm),
}


class Key:
    """One key pair."""

    def __init__(self, algorithm: str, name: str | None = None):
        self.algorithm, self.name = algorithm, name
        make, self._coder = _MAKERS[algorithm]
        self.private = make()

    def token(self, algorithm: str | None = None, kid: str | None = None, headers: dict | None = None, **claims) -> str:
        """A token for NAME and AUDIENCE, of the key's name unless there is a `kid`; an empty one is left out."""
        name = self.name if kid is None else kid
        headers = {**({"kid": name} if name else {}), **(headers or {})}
        claims = tokens.claims_of(**{"iss": NAME, "aud": AUDIENCE, **claims})
        return jwt.encode(claims, self.private, algorithm=algorithm or self.algorithm, headers=headers)

    def jwk(self) -> dict:
        """The public key for a JWK set."""
        public = json.loads(self._coder.to_jwk(self.private.public_key()))
        public.pop("key_ops", None)
        return {**public, "use": "sig", **({"kid": self.name} if self.name else {})}

    def pem(self) -> str:
        """The public key as PEM."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def key_set(*keys: Key) -> str:
    """A JWK set."""
    return json.dumps({"keys": [key.jwk() for key in keys]})


class KeyServer:
    """Publishes a JWK set at an address, and counts how often it is asked for."""

    def __init__(self, *keys: Key):
        self.body, self.status, self.asked = key_set(*keys), 200, 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                body = outer.body.encode()
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/keys"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()
