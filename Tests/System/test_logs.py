"""What the log says: every line reads as JSON, belongs to a connection and a document, and holds no secret."""

import json

import pytest
import requests

import tokens
from quire import Server
from wire import PollingPeer, Refused, WebSocketPeer, splice

LEVELS = ["trace", "debug", "info", "notice", "warning", "error", "critical"]
FORGED = 'Eve"}\n2026-01-01T00:00:00.000Z error forged=yes\r\x1b[31m'


@pytest.fixture
def talkative_server(tmp_path):
    """A server that says all it can say, in JSON."""
    one = Server(tmp_path, "--jwt-secret", tokens.SECRET, "--log-level", "trace", "--log-format", "json").start()
    yield one
    one.stop()


def lines(server) -> list[dict]:
    """The log's lines; the greeting on standard output is none."""
    text = server.log.read_text()
    return [json.loads(line) for line in text.splitlines() if not line.startswith("Quire is listening")]


def test_nothing_that_opens_a_door_is_logged(talkative_server, document):
    url, secrets = talkative_server.url, [tokens.SECRET]

    def token(**claims) -> str:
        made = tokens.make(tokens.claims_of(**claims))
        secrets.extend([made, made.split(".")[2]])
        return made

    good, bad = token(sub="ada", docs={"*": "admin"}), token(sub="eve")[:-4] + "AAAA"
    secrets.append(bad)
    over = token(sub="late", exp=1)
    peers = [
        WebSocketPeer(url).connect({"token": good}),
        WebSocketPeer(url, headers={"Authorization": f"Bearer {good}"}).connect(),
        WebSocketPeer(url, token=good).connect(),
        PollingPeer(url, token=good).connect(),
    ]
    secrets.extend(peer.handshake["sid"] for peer in peers)
    for peer in peers:
        assert peer.join(document)["ok"]
        assert peer.edit(document, splice(0, "private words"))["ok"]
        assert not peer.ask("edit", document, {"rev": "private words", "ops": []})["ok"]
    assert peers[0].ask("refresh", token(sub="ada", docs={"*": "admin"}))["ok"]
    assert not peers[0].ask("refresh", bad)["ok"]
    for refused in (bad, over):
        with pytest.raises(Refused):
            WebSocketPeer(url).connect({"token": refused})
        assert requests.get(f"{url}/v1/docs/{document}?token={refused}", timeout=5).status_code == 401
    bearer = {"Authorization": f"Bearer {good}"}
    body = {"sub": "bob", "docs": {document: "read"}, "ttl": 60}
    made = requests.post(f"{url}/v1/tokens", json=body, headers=bearer, timeout=5)
    assert made.status_code < 300, made.text
    secrets.append(made.json()["token"])
    assert requests.get(f"{url}/v1/docs/{document}?format=text&token={good}", timeout=5).ok
    for peer in peers:
        peer.close()
    assert talkative_server.stop() == 0
    text = talkative_server.log.read_text()
    for secret in [*secrets, "private words"]:
        assert secret not in text, f"{secret} is in the log"
    assert all(secret for secret in secrets) and len(text) > 1000


def test_every_line_says_whose_it_is(talkative_server, document):
    peer = WebSocketPeer(talkative_server.url).connect({"token": tokens.make(tokens.claims_of(sub="ada"))})
    peer.join(document)
    assert not peer.ask("edit", document, {"rev": 99, "ops": [splice(0, "x")]})["ok"]
    session = peer.session
    peer.close()
    assert talkative_server.stop() == 0
    said = lines(talkative_server)
    assert all(line["level"] in LEVELS and line["time"].endswith("Z") and line["message"] for line in said)
    own = [line for line in said if line.get("session") == session]
    assert {"participant connected", "request refused", "participant disconnected"} <= {line["message"] for line in own}
    connections = {line["connection"] for line in own}
    assert len(connections) == 1 and connections.isdisjoint({session, peer.handshake["sid"]})
    closed = [line for line in said if line["message"] == "connection closed"]
    assert {line["connection"] for line in closed} == connections
    refused = [line for line in own if line["message"] == "request refused"]
    assert refused[0]["doc"] == document and refused[0]["event"] == "edit"
    assert {line["message"] for line in said if line.get("doc") == document} >= {"document opened", "document closed"}


@pytest.mark.parametrize("form", ["json", "text"])
def test_nobody_forges_a_line(tmp_path, document, form):
    server = Server(tmp_path, "--jwt-secret", tokens.SECRET, "--log-level", "trace", "--log-format", form).start()
    peer = WebSocketPeer(server.url).connect({"token": tokens.make(tokens.claims_of(sub="eve", name=FORGED))})
    peer.join(document)
    peer.ask(FORGED, {})
    peer.ask("join", {"doc": FORGED})
    requests.get(f"{server.url}/v1/docs/%0aforged=yes", headers={"User-Agent": "x forged=yes"}, timeout=5)
    peer.close()
    with pytest.raises(Refused):
        WebSocketPeer(server.url).connect({"token": FORGED})
    assert server.stop() == 0
    text = server.log.read_text()
    assert "\x1b" not in text and "\r" not in text
    assert not [line for line in text.splitlines() if line.startswith(("2026-01-01", "forged"))]
    if form == "json":
        assert not [line for line in lines(server) if "forged" in line]
