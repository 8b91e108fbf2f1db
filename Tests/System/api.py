"""The HTTP API as one user sees it."""

import requests

import tokens


class User:
    """Asks a server with a token of its own."""

    def __init__(self, url: str, sub: str, **claims):
        self.url, self.sub = url, sub
        self.token = tokens.make(sub=sub, name=sub.capitalize(), **claims)
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {self.token}"

    def ask(self, method: str, path: str, body: object = None, **options) -> requests.Response:
        if body is not None:
            options["json"] = body
        return self.session.request(method, f"{self.url}/v1/docs/{path}".rstrip("/"), timeout=10, **options)

    def get(self, path: str, **options):
        return self.ask("GET", path, **options)

    def put(self, path: str, body: object = None, **options):
        return self.ask("PUT", path, body, **options)

    def post(self, path: str, body: object = None, **options):
        return self.ask("POST", path, body, **options)

    def patch(self, path: str, body: object = None, **options):
        return self.ask("PATCH", path, body, **options)

    def delete(self, path: str, **options):
        return self.ask("DELETE", path, **options)


def code_of(response) -> str:
    """The code of a refusal, whose form is checked."""
    problem = response.json()
    assert {"code", "message", "retryable"} <= set(problem), problem
    assert isinstance(problem["message"], str) and isinstance(problem["retryable"], bool)
    return problem["code"]
