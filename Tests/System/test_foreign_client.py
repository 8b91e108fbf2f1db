"""python-socketio, which nobody here wrote, as a client of /docs: over polling, over WebSocket, and with upgrade."""

import queue
import time

import pytest
import requests
import socketio

from wire import PollingPeer, WebSocketPeer, splice

TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": None}


class Foreign:
    """A python-socketio client that remembers the events it gets."""

    def __init__(self, url: str, transports: list[str] | None, auth: dict | None = None, **options):
        self.client = socketio.Client(reconnection=False)
        self.events = queue.Queue()
        self.client.on("*", lambda event, *arguments: self.events.put((event, arguments)), namespace="/docs")
        self.client.connect(url, namespaces=["/docs"], transports=transports, auth=auth or {}, wait_timeout=10, **options)

    def ask(self, event: str, *arguments):
        return self.client.call(event, tuple(arguments), namespace="/docs", timeout=10)

    def wait_for(self, event: str):
        """The arguments of the next event of this name; others are passed over."""
        deadline = time.monotonic() + 10
        while True:
            name, arguments = self.events.get(timeout=max(0.01, deadline - time.monotonic()))
            if name == event:
                return arguments

    def close(self):
        self.client.disconnect()


@pytest.fixture(params=TRANSPORTS, ids=list(TRANSPORTS))
def connect(request, server):
    """Makes clients over one of the transports."""
    clients = []

    def make(**options):
        client = Foreign(server.url, TRANSPORTS[request.param], **options)
        clients.append(client)
        if request.param == "upgrade":
            deadline = time.monotonic() + 10
            while client.client.transport() != "websocket" and time.monotonic() < deadline:
                time.sleep(0.02)
        expected = "polling" if request.param == "polling" else "websocket"
        assert client.client.transport() == expected
        return client

    yield make
    for client in clients:
        client.close()


def test_a_guest_is_told_who_it_is(connect):
    ada = connect(auth={"name": "Ada"})
    (welcome,) = ada.wait_for("authenticated")
    assert welcome["user"]["name"] == "Ada"
    assert welcome["user"]["id"].startswith("anonymous-")


def test_two_thin_clients_edit_one_text(connect, server, document):
    ada, grace = connect(auth={"name": "Ada"}), connect(auth={"name": "Grace"})
    first = ada.ask("join", {"doc": document, "format": "json", "presence": {"color": "#112233"}})
    assert first["ok"] and first["doc"] == document and first["role"] == "write"
    assert first["rev"] == 0 and first["content"].get("body", "") == ""
    assert [member["session"] for member in first["members"]] == [first["session"]]
    second = grace.ask("join", {"doc": document, "format": "json"})
    assert {m["session"]: (m["user"]["name"], m["state"]) for m in second["members"]} == {
        first["session"]: ("Ada", {"color": "#112233"}), second["session"]: ("Grace", None),
    }

    saved = ada.ask("edit", document, {"rev": 0, "ops": [splice(0, "Hello 😀")]})
    assert saved == {"ok": True, "rev": 1}
    doc, edit = grace.wait_for("edit")
    assert (doc, edit) == (document, {"rev": 1, "session": first["session"], "ops": [splice(0, "Hello 😀")]})

    # Against the revision before: the server moves it over what came meanwhile, and says so.
    moved = grace.ask("edit", document, {"rev": 0, "ops": [splice(0, "!")]})
    assert moved["ok"] and moved["rev"] == 2 and moved["ops"] == [splice(8, "!")]
    doc, edit = ada.wait_for("edit")
    assert edit == {"rev": 2, "session": second["session"], "ops": [splice(8, "!")]}
    assert server.text(document) == "Hello 😀!"

    late = connect().ask("join", {"doc": document, "format": "json"})
    assert late["rev"] == 2 and late["content"] == {"body": "Hello 😀!"}


def test_presence_reaches_the_others_and_ends_with_the_connection(connect, document):
    ada, grace = connect(auth={"name": "Ada"}), connect(auth={"name": "Grace"})
    session = ada.ask("join", {"doc": document, "format": "json"})["session"]
    grace.ask("join", {"doc": document, "format": "json"})
    state = {"cursor": {"anchor": 0, "head": 3, "rev": 0}, "color": "#2f6fb4", "typing": True, "nested": [1, None, "é"]}
    assert ada.ask("presence", document, state) == {"ok": True}
    while True:
        doc, updates, _ = grace.wait_for("presence")
        mine = [update for update in updates if update["session"] == session and update["state"] is not None]
        if mine:
            break
    assert doc == document and mine[0]["state"] == state and mine[0]["user"]["name"] == "Ada"
    ada.close()
    while True:
        _, _, left = grace.wait_for("presence")
        if left:
            break
    assert left == [session]


def test_signals_reach_the_others_with_binary_inside_and_not_the_sender(connect, document):
    ada, grace = connect(auth={"name": "Ada"}), connect()
    session = ada.ask("join", {"doc": document, "format": "json"})["session"]
    grace.ask("join", {"doc": document, "format": "json"})
    payload = {"wave": bytes(range(256)), "list": [1.5, True, None, b"\x00"]}
    assert ada.ask("signal", document, payload) == {"ok": True}
    doc, sender, received = grace.wait_for("signal")
    assert (doc, received) == (document, payload)
    assert sender["session"] == session and sender["user"]["name"] == "Ada"
    assert ada.ask("presence", document, None) == {"ok": True}
    assert all(event != "signal" for event, _ in list(ada.events.queue))


def test_binary_versions_and_changes_go_both_ways(connect, server, document):
    thin, full, other = connect(), connect(), connect()
    thin.ask("join", {"doc": document, "format": "json"})
    joined = full.ask("join", {"doc": document, "format": "changes"})
    assert isinstance(joined["version"], bytes)
    assert thin.ask("edit", document, {"rev": 0, "ops": [splice(0, "one")]})["ok"]
    doc, first, about = full.wait_for("change")
    assert doc == document and isinstance(first, bytes) and about["rev"] == 1
    assert thin.ask("edit", document, {"rev": 1, "ops": [splice(3, " two")]})["ok"]
    _, second, _ = full.wait_for("change")

    # The same bytes make the same text in another document, sent by a client that never saw the first.
    copy = f"{document}-copy"
    empty = other.ask("join", {"doc": copy, "format": "changes"})
    early = other.ask("change", copy, second)
    assert early["ok"] is False and early["error"]["code"] == "MISSING_CHANGES" and early["error"]["retryable"] is True
    assert isinstance(early["error"]["version"], bytes)
    assert other.ask("change", copy, first) == {"ok": True, "rev": 1}
    assert other.ask("change", copy, second) == {"ok": True, "rev": 2}
    assert other.ask("change", copy, first) == {"ok": True, "rev": 2}, "a duplicate is acknowledged and stored nowhere"
    assert server.text(copy) == server.text(document) == "one two"

    missing = other.ask("sync", {"doc": copy, "version": empty["version"]})
    assert missing["ok"] and missing["rev"] == 2 and isinstance(missing["changes"], bytes)
    third = f"{document}-third"
    other.ask("join", {"doc": third, "format": "changes"})
    assert other.ask("change", third, missing["changes"])["ok"]
    assert server.text(third) == "one two"


def test_a_join_with_a_version_gets_what_is_missing(connect, document):
    thin, full = connect(), connect()
    thin.ask("join", {"doc": document, "format": "json"})
    before = full.ask("join", {"doc": document, "format": "changes"})
    assert full.ask("leave", document) == {"ok": True}
    thin.ask("edit", document, {"rev": 0, "ops": [splice(0, "while you were away")]})
    after = full.ask(
        "join", {"doc": document, "format": "changes", "version": before["version"], "rev": 0, "epoch": before["epoch"]}
    )
    assert after["recovered"] is True and after["rev"] == 1 and isinstance(after["changes"], bytes)


def test_after_leaving_nothing_comes_and_nothing_goes(connect, document):
    ada, grace = connect(), connect()
    ada.ask("join", {"doc": document, "format": "json"})
    grace.ask("join", {"doc": document, "format": "json"})
    assert grace.ask("leave", document) == {"ok": True}
    assert ada.ask("edit", document, {"rev": 0, "ops": [splice(0, "x")]})["ok"]
    refused = grace.ask("edit", document, {"rev": 0, "ops": [splice(0, "y")]})
    assert refused["ok"] is False and refused["error"]["code"] == "NOT_JOINED"
    assert all(event != "edit" for event, _ in list(grace.events.queue))


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=list(TRANSPORTS))
def test_a_namespace_that_does_not_exist_is_refused(server, transports):
    client = socketio.Client(reconnection=False)
    errors = queue.Queue()
    client.on("connect_error", errors.put, namespace="/nope")
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(server.url, namespaces=["/nope"], transports=transports)
    assert errors.get(timeout=5)["message"] == "Invalid namespace"
    client.disconnect()


def test_clients_of_all_transports_and_formats_share_one_room(server, document):
    clients = [Foreign(server.url, transports) for transports in TRANSPORTS.values()]
    raw = [PollingPeer(server.url).connect(), WebSocketPeer(server.url).connect()]
    try:
        for client in clients:
            assert client.ask("join", {"doc": document, "format": "json"})["ok"]
        for peer in raw:
            assert peer.join(document)["ok"]
        # All against revision 0: the server moves each behind the ones before it.
        for index, client in enumerate(clients):
            assert client.ask("edit", document, {"rev": 0, "ops": [splice(0, f"[{index}]")]})["rev"] == index + 1
        for index, peer in enumerate(raw):
            assert peer.edit(document, splice(0, f"[{index + 3}]"), rev=0)["rev"] == index + 4
        assert server.text(document) == "[0][1][2][3][4]"
    finally:
        for client in [*clients, *raw]:
            client.close()


def test_the_page_and_its_parts_are_served(server):
    for path, kind in {"/": "text/html", "/style.css": "text/css", "/main.js": "javascript", "/lib/delta.js": "javascript"}.items():
        response = requests.get(server.url + path, timeout=5)
        assert response.status_code == 200, path
        assert kind in response.headers["Content-Type"], path
    head = requests.head(f"{server.url}/healthz", timeout=5)
    assert head.status_code == 200
