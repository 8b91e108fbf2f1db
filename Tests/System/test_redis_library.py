"""The library's cluster interface over Redis: questions, answers, orders, between ConformanceServers."""

import threading
import time

import pytest

from conformance import ConformanceServer
from gateways import Visitor
from redis_server import RedisServer
from test_metrics import eventually
from wire import WebSocketPeer


@pytest.fixture(params=[(), ("--specific-responses",)], ids=["common", "specific"])
def servers(request, tmp_path):
    """Three servers; answers come on the channel of all, or on one's own."""
    redis = RedisServer(tmp_path).start()
    calm = ("--ping-interval", "5000", "--ping-timeout", "5000")
    three = [ConformanceServer("--redis", redis.url, *calm, *request.param) for _ in range(3)]
    probe = redis.connect()
    eventually(lambda: probe.pubsub_numsub("socket.io-request#/#")[0][1] == 3)
    # `/`, `/custom` and `/secure` of each; a pattern that several want counts once.
    eventually(lambda: probe.pubsub_numpat() == 3 and probe.pubsub_numsub("socket.io-request#/custom#")[0][1] == 3)
    yield three
    for server in three:
        server.stop()
    redis.kill()


@pytest.fixture
def clients(servers):
    """A client of each."""
    three = [Visitor(server.url, "/", auth={"n": index}) for index, server in enumerate(servers)]
    yield three
    for client in three:
        client.close()


def answering(client, answer):
    client.io.on("question", lambda *args: answer, namespace="/")


def test_a_question_to_all_servers_clients(clients):
    for index, client in enumerate(clients):
        answering(client, (index, b"\x00\x01"))
    found = clients[0].call("ask-all", None, 3000, "ready?")
    assert found["missing"] == 0
    assert sorted(found["responses"]) == [[index, b"\x00\x01"] for index in range(3)]
    clients[1].call("join", "few")
    assert clients[0].call("ask-all", "few", 3000) == {"responses": [[1, b"\x00\x01"]], "missing": 0}
    assert clients[0].call("ask-all", "nobody", 3000) == {"responses": [], "missing": 0}


def rest(client):
    """The names of the events that came and were not waited for, up to now."""
    client.call("whoami")
    return [client.events["/"].get()[0] for _ in range(client.events["/"].qsize())]


def test_who_does_not_answer_is_missing(clients):
    answering(clients[0], 0)
    answering(clients[2], 2)
    clients[1].io.on("question", lambda *args: time.sleep(2.5), namespace="/")
    begin = time.monotonic()
    found = clients[0].call("ask-all", None, 1000)
    assert sorted(found["responses"]) == [[0], [2]] and found["missing"] == 1
    assert 0.9 < time.monotonic() - begin < 3


def test_a_server_dies_in_the_middle_of_a_question(servers, clients):
    """The answers that came are kept, and nobody waits longer than was said."""
    arrived = threading.Event()
    answering(clients[0], 0)
    answering(clients[1], 1)

    def hold(*args):
        arrived.set()
        time.sleep(5)

    clients[2].io.on("question", hold, namespace="/")
    found = {}
    begin = time.monotonic()
    asking = threading.Thread(target=lambda: found.update(clients[0].call("ask-all", None, 2000)))
    asking.start()
    assert arrived.wait(5)
    servers[2].stop()
    asking.join(10)
    assert sorted(found["responses"]) == [[0], [1]] and found["missing"] == 1 and time.monotonic() - begin < 4
    # From then on two are all there are: nothing is waited for.
    begin = time.monotonic()
    assert clients[0].call("ask-all", None, 5000)["missing"] == 0 and time.monotonic() - begin < 2
    assert clients[0].call("count-servers") == 2


def test_servers_answer_servers(servers, clients):
    answers = clients[0].call("ask-servers", "hello", b"\x01\xff")
    assert sorted(answer["pid"] for answer in answers) == sorted(server.process.pid for server in servers[1:])
    assert [answer["said"] for answer in answers] == [["hello", b"\x01\xff"]] * 2
    begin = time.monotonic()
    assert clients[0].call("ask-servers", "nobody") == [] and 1.9 < time.monotonic() - begin < 4
    assert clients[1].call("count-servers") == 3


def test_sockets_and_rooms_are_found_on_all_servers(clients):
    for index, client in enumerate(clients):
        client.call("join", f"room{index}")
        client.call("set-data", {"n": index})
    found = clients[1].call("find")
    assert [one["local"] for one in found].count(True) == 1
    expected = sorted(
        ({"id": client.id(), "rooms": [f"room{index}"], "auth": {"n": index}, "data": {"n": index}, "local": index == 1}
         for index, client in enumerate(clients)),
        key=lambda one: one["id"],
    )
    assert found == expected
    assert [one["id"] for one in clients[1].call("find", "room2")] == [clients[2].id()]
    assert clients[0].call("all-rooms") == ["room0", "room1", "room2"]


def test_orders_reach_all_servers(clients):
    ada, grace, lin = clients
    for client in clients:
        client.call("join", "all")
    assert ada.call("bring", "all", "more") == "ok"
    eventually(lambda: len(ada.call("find", "more")) == 3)
    assert ada.call("send-away", grace.id(), "more") == "ok"
    eventually(lambda: len(lin.call("find", "more")) == 2)
    lin.call("tell", "more", ada.id(), {"text": "é", "bytes": b"\x80"})
    assert lin.wait_for("told") == {"text": "é", "bytes": b"\x80"}
    lin.call("tell-here", "only here")
    assert lin.wait_for("told") == "only here"
    time.sleep(0.2)
    assert "told" not in rest(ada) and "told" not in rest(grace)
    ada.call("put-out", "all", ada.id(), True)
    assert grace.gone.wait(5) and lin.gone.wait(5)
    assert not ada.gone.is_set()


class Peer(WebSocketPeer):
    """By hand: python-socketio's handlers have threads of their own, which keep no order."""

    namespace = "/custom"


def test_messages_of_one_server_keep_their_order(servers):
    teller, hearer = (Peer(server.url).connect() for server in servers[:2])
    assert hearer.ask("join", "line") == "ok"
    for number in range(500):
        teller._send_event("", ("tell", "line", "nobody", number))
    assert [hearer.wait_for("told") for _ in range(500)] == [[number] for number in range(500)]
    teller.close()
    hearer.close()
