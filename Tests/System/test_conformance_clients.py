"""python-socketio as a client of ConformanceServer's fixture, with every feature it has."""

import queue
import time

import pytest
import socketio

from conformance import ConformanceServer

TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": None}
NAMESPACES = ["/", "/custom"]


@pytest.fixture(scope="module")
def fixture():
    one = ConformanceServer("--ping-interval", "500", "--ping-timeout", "1000", "--recovery")
    yield one
    assert one.is_running()
    one.stop()


class Client:
    """Remembers what it gets in each namespace, without the offsets of recovery."""

    def __init__(self, url, transports, namespaces=("/",), auth=None, **options):
        self.io = socketio.Client(reconnection=options.pop("reconnection", False), **options)
        self.events = {name: queue.Queue() for name in namespaces}
        for name in namespaces:
            self.io.on("*", lambda event, *args, name=name: self.note(name, event, args), namespace=name)
            self.io.on("question", lambda *args: ("answer", *args), namespace=name)
            self.io.on("question-ignored", lambda *args: time.sleep(0.5), namespace=name)
        self.io.connect(url, transports=transports, namespaces=list(namespaces), auth=auth, wait_timeout=10)
        if transports is None:
            deadline = time.monotonic() + 10
            while self.io.transport() != "websocket" and time.monotonic() < deadline:
                time.sleep(0.02)

    def note(self, namespace, event, args):
        self.events[namespace].put((event, *args[:-1]))

    def call(self, event, *args, namespace="/"):
        return self.io.call(event, args, namespace=namespace, timeout=10)

    def next(self, namespace="/"):
        return self.events[namespace].get(timeout=10)

    def is_quiet(self, namespace="/"):
        self.call("join", "nobody", namespace=namespace)
        return self.events[namespace].empty()


@pytest.fixture(params=TRANSPORTS, ids=list(TRANSPORTS))
def connect(request, fixture):
    clients = []

    def make(**options):
        client = Client(fixture.url, TRANSPORTS[request.param], **options)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.io.disconnect()


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_events_and_acks(connect, namespace):
    client = connect(namespaces=[namespace], auth={"who": "ada"})
    assert client.next(namespace) == ("auth", {"who": "ada"})
    values = ["text", 1, -2.5, True, None, [1, [2]], {"a": {"b": "é😀"}}, b"\x00\xff", {"deep": [b"bytes", "x"]}, "x" * 100_000]
    client.io.emit("message", tuple(values), namespace=namespace)
    assert client.next(namespace) == ("message-back", *values)
    assert client.call("message-with-ack", *values, namespace=namespace) == tuple(values)
    assert client.call("message-with-ack", b"", namespace=namespace) == b""
    assert client.call("message-with-ack", namespace=namespace) in (None, [], ())


def test_both_namespaces_on_one_connection(connect):
    client = connect(namespaces=NAMESPACES)
    assert client.io.get_sid("/") != client.io.get_sid("/custom")
    for name in NAMESPACES:
        assert client.next(name) == ("auth", {})
        client.io.emit("message", name, namespace=name)
        assert client.next(name) == ("message-back", name)


def test_nothing_is_lost_in_a_flood(connect):
    # The client handles each event in a thread of its own, so it cannot tell their order.
    client = connect()
    client.next()
    for index in range(300):
        client.io.emit("message", index)
    assert sorted(client.next() for _ in range(300)) == [("message-back", index) for index in range(300)]
    client.io.emit("flood", 1000)
    expected = [("flood-end", 1000)] + [("flood-item", index) for index in range(1000)]
    assert sorted(client.next() for _ in range(1001)) == expected


def test_rooms_and_broadcasts(connect):
    ada, grace, alan = connect(), connect(), connect()
    for client in (ada, grace, alan):
        client.next()
    assert ada.call("join", "red") == grace.call("join", "red") == "ok"
    assert ada.call("room-send", "red", {"n": b"1"}) == "ok"
    assert grace.next() == ("room-message", "red", {"n": b"1"})
    assert ada.is_quiet() and alan.is_quiet()
    assert alan.call("room-send-all", "red", 2) == "ok"
    assert ada.next() == grace.next() == ("room-message", "red", 2)
    assert grace.call("leave", "red") == "ok"
    assert alan.call("room-send-all", "red", 3) == "ok"
    assert ada.next() == ("room-message", "red", 3)
    assert ada.call("broadcast", "all") == "ok"
    assert grace.next() == alan.next() == ("broadcast-message", "all")
    assert ada.is_quiet() and grace.is_quiet()
    # One's own id is a room.
    assert ada.call("room-send-all", alan.io.get_sid(), "direct") == "ok"
    assert alan.next()[0] == "room-message"
    assert set(ada.call("peers")) >= {client.io.get_sid() for client in (ada, grace, alan)}


@pytest.mark.parametrize("room", [7, 1.5, True, None, {"a": 1}, ["x", "y"], ""], ids=str)
def test_a_room_may_be_called_anything(connect, room):
    ada, grace = connect(), connect()
    for client in (ada, grace):
        client.next()
        assert client.call("join", room) == "ok"
    assert ada.call("room-send", room, 1) == "ok"
    assert grace.next() == ("room-message", room, 1)
    if isinstance(room, list):
        assert ada.call("whoami")["rooms"] == room
    assert grace.call("leave", room) == "ok"
    assert ada.call("room-send", room, 2) == "ok"
    assert grace.is_quiet()
    for event in ("join", "leave"):
        assert ada.call(event) == "ok" and ada.call(event, room, "more") == "ok"


def test_rooms_that_look_alike_are_two(connect):
    ada, grace = connect(), connect()
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    for client, room in ((ada, composed), (grace, decomposed)):
        client.next()
        client.call("join", room)
    assert ada.call("room-send", composed, 1) == "ok"
    assert grace.is_quiet()
    assert ada.call("room-send", decomposed, 2) == "ok"
    assert grace.next() == ("room-message", decomposed, 2)
    ada.call("join", decomposed)
    assert ada.call("whoami")["rooms"] == [decomposed, composed]


def test_the_server_asks(connect):
    client = connect()
    assert client.call("ask-me", 1, b"2") == ("answer", 1, b"2")
    assert client.call("ask-me-timeout", 50) == "timeout"
    with pytest.raises(socketio.exceptions.TimeoutError):
        client.io.call("no-ack", timeout=0.5)
    assert client.call("message-with-ack", "still here") == "still here"


def test_whoami_and_data(connect, request):
    client = connect(auth={"a": 1})
    assert client.call("set-data", {"x": [1]}) == "ok"
    who = client.call("whoami")
    assert who["sid"] == client.io.get_sid() and who["rooms"] == [] and who["recovered"] is False
    assert who["auth"] == {"a": 1} and who["data"] == {"x": [1]} and who["query"]["EIO"] == "4"
    assert who["transport"] == client.io.transport()
    client.call("join", "b"), client.call("join", "a")
    assert client.call("whoami")["rooms"] == ["a", "b"]


def test_of_a_volatile_burst_beginning_and_end_arrive(connect):
    client = connect()
    client.next()
    client.io.emit("volatile-burst", 50)
    events = set()
    while not {("burst-start", 50), ("burst-end", 50)} <= events:
        events.add(client.next())
    assert events <= {("burst-start", 50), ("burst-end", 50)} | {("burst-tick", index) for index in range(50)}


def test_being_put_out(connect):
    client = connect(namespaces=NAMESPACES)
    gone = queue.Queue()
    client.io.on("disconnect", lambda *reason: gone.put("/"), namespace="/")
    client.io.on("disconnect", lambda *reason: gone.put("/custom"), namespace="/custom")
    client.io.emit("kick-me", namespace="/custom")
    assert gone.get(timeout=5) == "/custom"
    assert client.call("message-with-ack", "here") == "here"
    client.io.emit("kick-me", True)
    assert gone.get(timeout=5) == "/"
    deadline = time.monotonic() + 5
    while client.io.connected and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not client.io.connected


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=list(TRANSPORTS))
def test_middleware_refuses_and_admits(fixture, transports):
    errors = queue.Queue()
    refused = socketio.Client(reconnection=False)
    refused.on("connect_error", errors.put, namespace="/secure")
    with pytest.raises(socketio.exceptions.ConnectionError):
        refused.connect(fixture.url, namespaces=["/secure"], transports=transports, auth={"token": "no"})
    assert errors.get(timeout=5) == {"message": "not authorized", "data": {"code": "E_AUTH"}}
    client = Client(fixture.url, transports, namespaces=["/secure"], auth={"token": "letmein"})
    assert client.call("message-with-ack", 1, namespace="/secure") == 1
    client.io.disconnect()


def test_an_idle_client_lives_by_its_heartbeat(connect):
    client = connect()
    time.sleep(4)
    assert client.io.connected
    assert client.call("message-with-ack", "alive") == "alive"


def test_a_lost_client_comes_back_by_itself(fixture):
    client = Client(fixture.url, ["websocket"], reconnection=True, reconnection_delay=0.1, reconnection_delay_max=0.2)
    client.next()
    first = client.io.get_sid()
    client.io.eio.ws.close()
    deadline = time.monotonic() + 10
    while (not client.io.connected or client.io.get_sid() in (None, first)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert client.io.connected and client.io.get_sid() != first
    assert client.call("message-with-ack", "back") == "back"
    client.io.disconnect()


def test_the_asynchronous_client(fixture):
    import asyncio

    async def run():
        client, got = socketio.AsyncClient(reconnection=False), asyncio.Queue()
        client.on("message-back", lambda *args: got.put_nowait(args[:-1]))
        await client.connect(fixture.url)
        await client.emit("message", ("a", b"\x01", {"b": b"\x02"}))
        assert await asyncio.wait_for(got.get(), 10) == ("a", b"\x01", {"b": b"\x02"})
        assert await client.call("message-with-ack", b"\x03") == b"\x03"
        await client.disconnect()

    asyncio.run(run())


def test_the_simple_client(fixture):
    with socketio.SimpleClient() as client:
        client.connect(fixture.url)
        assert client.receive(timeout=10)[:2] == ["auth", {}]
        assert client.call("message-with-ack", {"x": b"\x01"}) == {"x": b"\x01"}
