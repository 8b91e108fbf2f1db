"""Who is let in: tokens from each of the three places, and what is said to those who stay outside."""

import hashlib
import time

import pytest
import requests
import socketio

import tokens
from wire import PollingPeer, Refused, WebSocketPeer, splice

PLACES = ["auth", "header", "query"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("transports", [["polling"], ["websocket"]], ids=lambda value: value[0])
def test_a_stock_client_shows_its_token(closed_server, document, place, transports):
    token = tokens.make()
    client = socketio.Client(reconnection=False)
    users = []
    client.on("authenticated", users.append, namespace="/docs")
    url, options = closed_server.url, {}
    if place == "auth":
        options["auth"] = {"token": token}
    elif place == "header":
        options["headers"] = {"Authorization": f"Bearer {token}"}
    else:
        url = f"{url}/?token={token}"
    client.connect(url, namespaces=["/docs"], transports=transports, **options)
    answer = client.call("join", {"doc": document, "format": "json"}, namespace="/docs", timeout=10)
    assert answer["ok"]
    assert users == [{"user": {"id": "u1", "name": "Una"}}]
    client.disconnect()


def test_the_token_of_auth_comes_first_and_a_name_in_auth_is_not_believed(closed_server):
    headers = {"Authorization": f"Bearer {tokens.make(sub='second')}"}
    peer = WebSocketPeer(closed_server.url, headers, token=tokens.make(sub="third"))
    peer.connect({"token": tokens.make(sub="first", name="First"), "name": "Somebody else"})
    assert peer.wait_for("authenticated")[0]["user"] == {"id": "first", "name": "First"}
    peer.close()


NOW = int(time.time())
LONG = "x" * 9000
BAD_TOKENS = {
    "none at all": (None, "UNAUTHENTICATED"),
    "an empty one": ("", "UNAUTHENTICATED"),
    "not a token": ("hello", "TOKEN_INVALID"),
    "two dots and nothing": ("..", "TOKEN_INVALID"),
    "two parts": (".".join(tokens.make().split(".")[:2]), "TOKEN_INVALID"),
    "four parts": (tokens.make() + ".x", "TOKEN_INVALID"),
    "not base64": ("!!." + ".".join(tokens.make().split(".")[1:]), "TOKEN_INVALID"),
    "a header that is no object": (tokens.make(header=[1]), "TOKEN_INVALID"),
    "claims that are no object": (tokens.make(claims=[1]), "TOKEN_INVALID"),
    "no algorithm": (tokens.make(header={"typ": "JWT"}), "TOKEN_INVALID"),
    "the algorithm none": (tokens.make(header={"alg": "none"}), "TOKEN_INVALID"),
    "none without a signature": (tokens.make(header={"alg": "none"}).rsplit(".", 1)[0] + ".", "TOKEN_INVALID"),
    "another algorithm": (tokens.make(header={"alg": "HS512"}, digest=hashlib.sha512), "TOKEN_INVALID"),
    "an asymmetric algorithm with the secret as its key": (tokens.make(header={"alg": "RS256"}), "TOKEN_INVALID"),
    "another secret": (tokens.make(secret="another"), "TOKEN_INVALID"),
    "no signature": (tokens.make().rsplit(".", 1)[0] + ".", "TOKEN_INVALID"),
    "a changed signature": (tokens.make()[:-4] + "AAAA", "TOKEN_INVALID"),
    "a key that does not exist": (tokens.make(header={"alg": "HS256", "kid": "other"}), "TOKEN_INVALID"),
    "a critical extension": (tokens.make(header={"alg": "HS256", "crit": ["b64"]}), "TOKEN_INVALID"),
    "expired": (tokens.make(exp=NOW - 1), "TOKEN_EXPIRED"),
    "without an end": (tokens.make(exp=None), "TOKEN_INVALID"),
    "an end that is no number": (tokens.make(exp="tomorrow"), "TOKEN_INVALID"),
    "not good yet": (tokens.make(nbf=NOW + 3600), "TOKEN_INVALID"),
    "nobody's": (tokens.make(sub=None), "TOKEN_INVALID"),
    "one with a NUL in its subject": (tokens.make(sub="a\0b"), "TOKEN_INVALID"),
    "a subject that is no string": (tokens.make(sub=7), "TOKEN_INVALID"),
    "a role that does not exist": (tokens.make(docs={"*": "emperor"}), "TOKEN_INVALID"),
    "roles that are no object": (tokens.make(docs=["*"]), "TOKEN_INVALID"),
    "longer than 8 KiB": (tokens.make(name=LONG), "TOKEN_INVALID"),
}


@pytest.fixture(scope="module")
def insider(closed_server):
    """A healthy client that must not notice anything."""
    peer = WebSocketPeer(closed_server.url).connect({"token": tokens.make()})
    peer.join("inside")
    yield peer
    peer.close()


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_a_bad_token_is_refused_with_its_code(closed_server, insider, name):
    token, code = BAD_TOKENS[name]
    peer = WebSocketPeer(closed_server.url)
    with pytest.raises(Refused) as refusal:
        peer.connect({} if token is None else {"token": token})
    error = refusal.value.args[0]
    assert error["data"]["code"] == code
    assert error["message"] and (not token or token not in error["message"])
    peer.close()
    if token:
        headers = {"Authorization": f"Bearer {token}"}
        response = requests.get(f"{closed_server.url}/v1/docs/inside", headers=headers, timeout=5)
        assert response.status_code == 401 and response.json()["code"] == code
    assert insider.edit("inside", splice(0, "."))["ok"]


@pytest.mark.parametrize("auth", [{"token": 5}, {"token": {}}, {"token": ["x"]}, {"token": True}], ids=str)
def test_a_token_that_is_no_string_is_refused(closed_server, insider, auth):
    with pytest.raises(Refused) as refusal:
        PollingPeer(closed_server.url).connect(auth)
    assert refusal.value.args[0]["data"]["code"] == "TOKEN_INVALID"
    assert insider.edit("inside", splice(0, "."))["ok"]


@pytest.mark.parametrize("header", ["Basic dTpw", "Bearer", "Bearer a b", "hello"])
def test_a_header_that_is_no_bearer_token_is_refused(closed_server, insider, header):
    with pytest.raises(Refused) as refusal:
        WebSocketPeer(closed_server.url, {"Authorization": header}).connect()
    assert refusal.value.args[0]["data"]["code"] == "TOKEN_INVALID"
    assert insider.edit("inside", splice(0, "."))["ok"]


def test_http_without_a_token_is_refused(closed_server):
    response = requests.get(f"{closed_server.url}/v1/docs/inside", timeout=5)
    assert response.status_code == 401
    assert response.json()["code"] == "UNAUTHENTICATED" and response.json()["retryable"] is False


def test_a_reader_reads_and_does_not_write(closed_server, document):
    writer = WebSocketPeer(closed_server.url).connect({"token": tokens.make()})
    writer.join(document)
    writer.edit(document, splice(0, "text"))
    reader = WebSocketPeer(closed_server.url).connect({"token": tokens.make(sub="r", docs={f"{document}*": "read"})})
    joined = reader.join(document)
    assert joined["role"] == "read" and joined["content"] == {"body": "text"}
    refused = reader.edit(document, splice(0, "x"))
    assert refused["error"]["code"] == "FORBIDDEN" and refused["error"]["retryable"] is False
    elsewhere = reader.join("another-document")
    assert elsewhere["error"]["code"] == "FORBIDDEN"
    assert closed_server.text(document, tokens.make()) == "text"
    reader.close()
    writer.close()
