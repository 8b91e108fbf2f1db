"""What a token means while its socket is open, and when a lost connection comes back with another."""

import time

import pytest

import tokens
from gateways import Visitor, refusal
from test_gateways import ADMIN, notify
from wire import Closed, Refused, WebSocketPeer

LONG = 3600
TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}


@pytest.fixture
def visit(closed_server):
    """Makes clients in `/chat` with tokens that end at `exp`."""
    visitors = []

    def make(exp, namespace="/chat", transports=("websocket",), **claims):
        auth = {"token": tokens.make(exp=exp, **claims)}
        visitors.append(Visitor(closed_server.url, namespace, transports=transports, auth=auth))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.close()


def wait_for_end(visitor) -> float:
    """Waits until the visitor is put out for its token, and says when that was."""
    assert visitor.wait_for("closing") == {"reason": "TOKEN_EXPIRED", "retryAfter": 0}
    ended = time.time()
    assert visitor.gone.wait(10)
    return ended


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=list(TRANSPORTS))
@pytest.mark.parametrize("namespace", ["/", "/chat", "/docs"])
def test_a_socket_is_put_out_when_its_token_ends_and_not_before(visit, closed_server, namespace, transports):
    exp = time.time() + 2
    visitor = visit(exp, namespace, transports)
    assert wait_for_end(visitor) >= exp
    again = refusal(closed_server.url, namespace, {"token": tokens.make(exp=exp)}, transports[-1])
    assert again["data"]["code"] == "TOKEN_EXPIRED"


@pytest.mark.parametrize("form", [lambda token: token, lambda token: {"token": token}], ids=["text", "object"])
def test_a_refreshed_socket_outlives_its_first_token_and_ends_with_its_second(visit, form):
    first = time.time() + 3
    second = first + 2
    visitor, witness = visit(first), visit(first + 0.5)
    assert visitor.call("refresh", form(tokens.make(exp=second))) == {"ok": True, "exp": second}
    assert visitor.call("joinChat")["success"]
    # Whoever did not refresh is put out when the first end is well past.
    assert wait_for_end(witness) > first
    # The same socket: it need not join again.
    assert visitor.call("sendMessage", {"message": "still here"}) == {"success": True}
    assert "closing" not in visitor.rest()
    assert wait_for_end(visitor) >= second


def test_refreshes_that_are_refused_change_nothing(visit):
    first = time.time() + 3
    visitor = visit(first)
    refused = {
        "another user's": (tokens.make(sub="u2", exp=first + LONG), "TOKEN_INVALID"),
        "other grants": (tokens.make(docs={"*": "admin"}, exp=first + LONG), "TOKEN_INVALID"),
        "forged": (tokens.make(secret="x", exp=first + LONG), "TOKEN_INVALID"),
        "past": (tokens.make(exp=first - LONG), "TOKEN_EXPIRED"),
        "no text": (7, "TOKEN_INVALID"),
    }
    for name, (token, code) in refused.items():
        answer = visitor.call("refresh", token)
        assert answer["ok"] is False, name
        assert (answer["error"]["code"], answer["error"]["retryable"]) == (code, False), name
    ended = wait_for_end(visitor)
    assert first <= ended < first + LONG


def test_a_refresh_may_cost_a_fetch_of_keys_so_there_are_few(visit):
    visitor = visit(time.time() + LONG)
    answers = [visitor.call("refresh", tokens.make()) for _ in range(12)]
    assert answers[0]["ok"]
    refused = [answer["error"] for answer in answers if not answer["ok"]]
    assert refused and {(error["code"], error["retryable"]) for error in refused} == {("RATE_LIMITED", True)}
    assert visitor.call("joinChat")["success"]


def test_a_guest_has_nothing_to_refresh(server):
    guest = Visitor(server.url, "/chat", auth={"name": "Una"})
    assert guest.call("refresh", tokens.make())["ok"] is False
    guest.close()


# --- Coming back


class Lost:
    """Somebody in `/chat` whose connection broke, and what is needed to come back."""

    def __init__(self, url: str, namespace: str = "/chat", **claims):
        self.url, self.namespace = url, namespace
        peer = self.peer()
        peer.connect({"token": tokens.make(**claims)})
        self.id, self.pid = peer.welcome["sid"], peer.welcome["pid"]
        self.offset = peer.wait_for("authenticated")[-1]
        # Without a closing handshake, as when the network goes; the server must know before anything is sent.
        peer.socket.sock.close()

    def peer(self) -> WebSocketPeer:
        peer = WebSocketPeer(self.url)
        peer.namespace = self.namespace
        return peer

    def back(self, token: str | None) -> WebSocketPeer:
        """Comes back with the secret of the socket, and this token; raises Refused when it may not."""
        peer = self.peer()
        try:
            return peer.connect({"pid": self.pid, "offset": self.offset, **({"token": token} if token else {})})
        except Refused:
            peer.close()
            raise


@pytest.mark.parametrize("namespace", ["/", "/chat", "/rooms"])
def test_what_was_lost_is_given_back_to_its_user_only(closed_server, namespace):
    ada = Lost(closed_server.url, namespace, sub="ada")
    notify(closed_server, "ada", {"message": "for ada alone"}, **ADMIN)
    wrong = {
        "another user": (tokens.make(sub="eve"), "TOKEN_INVALID"),
        "forged": (tokens.make(sub="ada", secret="x"), "TOKEN_INVALID"),
        "past": (tokens.make(sub="ada", exp=int(time.time()) - 1), "TOKEN_EXPIRED"),
        "none": (None, "UNAUTHENTICATED"),
    }
    for name, (token, code) in wrong.items():
        with pytest.raises(Refused) as refused:
            ada.back(token)
        assert refused.value.args[0]["data"]["code"] == code, name

    peer = ada.back(tokens.make(sub="ada"))
    assert (peer.welcome["sid"], peer.welcome["pid"]) == (ada.id, ada.pid)
    assert peer.wait_for("notification")[0]["message"] == "for ada alone"
    # It is in its user's room once.
    assert notify(closed_server, "ada", {"message": "again"}, **ADMIN).json()["sockets"] == 1
    assert peer.wait_for("notification")[0]["message"] == "again"
    peer.close()


def test_a_socket_that_came_back_ends_with_the_token_that_it_came_back_with(closed_server):
    ada = Lost(closed_server.url, sub="ada2", exp=time.time() + LONG)
    exp = time.time() + 2
    peer = ada.back(tokens.make(sub="ada2", exp=exp))
    assert peer.welcome["sid"] == ada.id
    assert peer.wait_for("closing")[0] == {"reason": "TOKEN_EXPIRED", "retryAfter": 0}
    assert time.time() >= exp
    with pytest.raises(Closed):
        peer.wait_for("anything")
    # Put out by the server: there is nothing to come back to.
    last = ada.back(tokens.make(sub="ada2"))
    assert last.welcome["sid"] != ada.id
    last.close()
