"""Several `quire serve` processes on one Redis: what crosses, what a foreign emitter reaches, and what breaks nothing."""

import json
import subprocess
import time

import msgpack
import pytest
import requests
import socketio

import tokens
from gateways import Visitor
from quire import Server, binary
from redis_server import RedisServer, free_port
from test_metrics import Metrics, eventually
from wire import WebSocketPeer, splice

ADMIN = tokens.make(sub="root", docs={"*": "admin"})
ADMIN_HEADERS = {"Authorization": f"Bearer {ADMIN}"}
NAMESPACES = ["/", "/chat", "/rooms", "/admin", "/docs"]


class Node(Server):
    """A server in the cluster."""

    def __init__(self, folder, *arguments):
        folder.mkdir()
        super().__init__(folder, "--jwt-secret", tokens.SECRET, *arguments)

    def metric(self, name, **labels):
        return Metrics(self, headers=ADMIN_HEADERS)(f"quire_redis_{name}", **labels)

    def is_joined(self) -> bool:
        return self.metric("connected") == 1

    def visit(self, *namespaces, sub, transports=("websocket",)):
        return Visitor(self.url, *namespaces, transports=transports, auth={"token": tokens.make(sub=sub, name=sub.capitalize())})


class Cluster:
    def __init__(self, folder, redis, count, *arguments):
        self.redis = redis
        self.nodes = [Node(folder / f"node{index}", "--redis", redis.url, *arguments) for index in range(count)]
        for node in self.nodes:
            node.start()
        self.wait()

    def wait(self, seconds=15):
        for node in self.nodes:
            eventually(node.is_joined, seconds)

    def stop(self):
        assert [node.stop() for node in self.nodes] == [0] * len(self.nodes), self.nodes[0].tail()


@pytest.fixture
def redis_server(tmp_path):
    one = RedisServer(tmp_path).start()
    yield one
    if one.process:
        one.resume()
    one.kill()


@pytest.fixture
def cluster(tmp_path, redis_server):
    three = Cluster(tmp_path, redis_server, 3, "--redis-python-channel", "socketio")
    yield three
    three.stop()


@pytest.fixture
def visitors():
    """Clients that are closed at the end."""
    made = []

    def visit(node, *namespaces, sub, **options):
        made.append(node.visit(*namespaces, sub=sub, **options))
        return made[-1]

    yield visit
    for visitor in made:
        visitor.close()


@pytest.fixture
def chatters(cluster, visitors):
    """One client in the chat of each of three servers."""
    made = []
    for node, name in zip(cluster.nodes, ("ada", "grace", "lin")):
        made.append(visitors(node, "/chat", sub=name))
        assert made[-1].call("joinChat", {})["success"]
        assert made[-1].wait_for("onlineUsers")["count"] == len(made)
    return made


def says(visitor, text):
    assert visitor.call("sendMessage", {"message": text}) == {"success": True}


def hears(visitor, text):
    while (message := visitor.wait_for("newMessage"))["message"] != text:
        assert not message["message"].startswith("last"), message
    return message


# --- What crosses.


def test_the_chat_is_one_on_all_servers(cluster, chatters):
    ada, grace, lin = chatters
    says(ada, "Hello 😀")
    for visitor in chatters:
        assert hears(visitor, "Hello 😀")["username"] == "Ada"
    says(lin, "last")
    assert [hears(visitor, "last")["username"] for visitor in chatters] == ["Lin"] * 3
    # Nobody hears anything twice.
    assert all("newMessage" not in visitor.rest() for visitor in chatters)
    grace.emit("typing", {"isTyping": True})
    assert ada.wait_for("userTyping") == {"username": "Grace", "isTyping": True}
    grace.close()
    assert ada.wait_for("userLeft")["username"] == lin.wait_for("userLeft")["username"] == "Grace"


def test_who_is_online_is_counted_on_all_servers(cluster, chatters, visitors):
    late = visitors(cluster.nodes[0], "/chat", sub="mary")
    late.call("joinChat", {})
    online = late.wait_for("onlineUsers")
    assert online["count"] == 4 and sorted(online["users"]) == ["Ada", "Grace", "Lin", "Mary"]
    # A server that was killed takes its clients along.
    cluster.nodes[2].kill()
    later = visitors(cluster.nodes[1], "/chat", sub="joan")
    later.call("joinChat", {})
    online = later.wait_for("onlineUsers")
    assert online["count"] == 4 and sorted(online["users"]) == ["Ada", "Grace", "Joan", "Mary"]


def test_rooms_have_members_on_all_servers(cluster, visitors):
    members = [visitors(node, "/rooms", sub=f"u{index}") for index, node in enumerate(cluster.nodes)]
    outside = visitors(cluster.nodes[1], "/rooms", sub="other")
    outside.call("joinRoom", {"room": "dogs"})
    for count, member in enumerate(members, 1):
        assert member.call("joinRoom", {"room": "cats"}) == {"success": True, "room": "cats", "members": count}
    assert members[0].call("sendRoomMessage", {"room": "cats", "message": "Meow"}) == {"success": True}
    for member in members:
        assert member.wait_for("newRoomMessage")["message"] == "Meow"
    found = members[2].call("getRoomMembers", {"room": "cats"})
    assert found["memberCount"] == 3 and sorted(found["socketIds"]) == sorted(member.id() for member in members)
    assert "newRoomMessage" not in outside.rest()
    assert members[1].call("leaveRoom", {"room": "cats"}) == {"success": True}
    assert members[0].wait_for("userLeftRoom")["username"] == "U1"
    assert members[0].call("getRoomMembers", {"room": "cats"})["memberCount"] == 2


def test_notifications_find_their_user_on_every_server(cluster, visitors):
    hers = [visitors(node, "/", "/chat", sub="ada") for node in cluster.nodes[:2]]
    other = visitors(cluster.nodes[2], "/", sub="grace")
    url = f"{cluster.nodes[2].url}/v1/users/ada/notify"
    response = requests.post(url, json={"message": "Tea is ready"}, headers=ADMIN_HEADERS, timeout=10)
    assert response.status_code in (200, 202), response.text
    assert response.json()["sockets"] == 4
    for visitor in hers:
        for namespace in ("/", "/chat"):
            assert visitor.wait_for("notification", namespace)["message"] == "Tea is ready"
    assert "notification" not in other.rest()


def test_figures_are_of_ones_own_server(cluster, visitors):
    admins = [Visitor(node.url, "/admin", auth={"token": ADMIN}) for node in cluster.nodes[:2]]
    extra = visitors(cluster.nodes[1], "/chat", sub="ada")
    time.sleep(1.2)
    for admin, connections in zip(admins, (1, 2)):
        while admin.events["/admin"].qsize() > 1:
            admin.events["/admin"].get()
        for _ in range(3):
            figures = admin.wait_for("figures")
            assert figures["connections"] == connections and figures["servers"] == 3
    for admin in admins:
        admin.close()


def test_a_document_is_not_clustered_and_the_log_says_so(cluster):
    assert "documents do not: route each one to one server" in cluster.nodes[0].log.read_text()
    here, there = (WebSocketPeer(node.url).connect({"token": ADMIN}) for node in cluster.nodes[:2])
    assert here.join("shared")["ok"] and there.join("shared")["ok"]
    assert here.edit("shared", splice(0, "here"))["ok"]
    assert cluster.nodes[0].text("shared", ADMIN) == "here" and cluster.nodes[1].text("shared", ADMIN) == ""
    here.close()
    there.close()


def test_a_shutdown_says_goodbye_to_its_own_clients_only(cluster):
    here, there = (WebSocketPeer(node.url).connect({"token": ADMIN}) for node in cluster.nodes[:2])
    assert here.join("a")["ok"] and there.join("b")["ok"]
    assert cluster.nodes[0].stop() == 0
    assert here.wait_for("closing")[0]["reason"] == "SHUTDOWN"
    assert there.edit("b", splice(0, "still here"))["ok"]
    assert all(event[0] != "closing" for event in there.events), there.events
    there.close()


# --- Foreign emitters.


def emit_foreign(client, namespace, event, *args, rooms=(), excluded=(), flags=None, packet=None):
    """As socket.io-redis-emitter does it: MessagePack, uid `emitter`."""
    packet = packet or {"type": 2, "data": [event, *args], "nsp": namespace}
    message = ["emitter", packet, {"rooms": list(rooms), "except": list(excluded), "flags": flags or {}}]
    channel = f"socket.io#{namespace}#" + (f"{rooms[0]}#" if len(rooms) == 1 else "")
    return client.publish(channel, msgpack.packb(message))


def test_a_foreign_emitter_reaches_all_sockets(cluster, chatters, visitors):
    client = cluster.redis.connect()
    ada, grace, lin = chatters
    assert emit_foreign(client, "/chat", "news", {"n": 1, "bytes": b"\x00\xff", "list": [1.5, None, -7, 2**40]}) == 3
    for visitor in chatters:
        assert visitor.wait_for("news") == {"n": 1, "bytes": b"\x00\xff", "list": [1.5, None, -7, 2**40]}
    # One room, which is one user's; and somebody left out.
    emit_foreign(client, "/chat", "news", "for Grace", rooms=["user:grace"])
    assert grace.wait_for("news") == "for Grace"
    emit_foreign(client, "/chat", "news", "not for Ada", rooms=["user:ada", "user:lin"], excluded=[ada.id()])
    assert lin.wait_for("news") == "not for Ada"
    emit_foreign(client, "/chat", "news", "loud", flags={"volatile": True})
    assert [visitor.wait_for("news") for visitor in chatters] == ["loud"] * 3
    # Orders are JSON on the channel of requests.
    order = {"type": 2, "opts": {"rooms": ["user:ada", "user:lin"], "except": []}, "rooms": ["made-up"]}
    client.publish("socket.io-request#/chat#", json.dumps(order))
    time.sleep(0.3)
    emit_foreign(client, "/chat", "news", "to the room", rooms=["made-up"])
    assert ada.wait_for("news") == lin.wait_for("news") == "to the room"
    client.publish("socket.io-request#/chat#", json.dumps({**order, "type": 3, "opts": {"rooms": ["user:ada"], "except": []}}))
    time.sleep(0.3)
    emit_foreign(client, "/chat", "news", "to the rest", rooms=["made-up"])
    assert lin.wait_for("news") == "to the rest"
    client.publish("socket.io-request#/chat#", json.dumps({"type": 4, "opts": {"rooms": ["made-up"], "except": []}, "close": True}))
    assert lin.gone.wait(10)
    assert "news" not in ada.rest() and not ada.gone.is_set() and "news" not in grace.rest()


def ask_foreign(client, namespace, request, answers, requester="nodejs"):
    """As the original's adapter asks: the answers on the channel of responses."""
    listener = client.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(f"socket.io-response#{namespace}#", f"socket.io-response#{namespace}#{requester}#")
    while len(listener.channels) and not all(listener.channels.values()) and listener.get_message(timeout=0.1):
        pass
    listener.get_message(timeout=0.1)
    payload = {"uid": requester, "requestId": "abc123", **request}
    client.publish(f"socket.io-request#{namespace}#", json.dumps(payload) if "packet" not in payload else msgpack.packb(payload))
    found = []
    deadline = time.monotonic() + 10
    while len(found) < answers:
        assert time.monotonic() < deadline, found
        message = listener.get_message(timeout=0.2)
        if message:
            data = message["data"]
            found.append(json.loads(data) if data.startswith(b"{") else msgpack.unpackb(data))
    listener.close()
    assert all(answer["requestId"] == "abc123" for answer in found), found
    return found


def test_a_foreign_server_is_answered(cluster, chatters):
    client = cluster.redis.connect()
    assert client.pubsub_numsub("socket.io-request#/chat#") == [(b"socket.io-request#/chat#", 3)]
    ids = sorted(visitor.id() for visitor in chatters)
    answers = ask_foreign(client, "/chat", {"type": 0, "rooms": []}, 3)
    assert sorted(name for answer in answers for name in answer["sockets"]) == ids
    answers = ask_foreign(client, "/chat", {"type": 1}, 3)
    assert {name for answer in answers for name in answer["rooms"]} >= {"joined", "user:ada", "user:grace", "user:lin"}
    answers = ask_foreign(client, "/chat", {"type": 5, "opts": {"rooms": ["joined"], "except": ["user:lin"]}}, 3)
    sockets = [socket for answer in answers for socket in answer["sockets"]]
    assert sorted(socket["id"] for socket in sockets) == sorted(visitor.id() for visitor in chatters[:2])
    for socket in sockets:
        assert socket["id"] in socket["rooms"] and "token" in socket["handshake"]["auth"]
    # Version 5 of the adapter named one socket, and waited for the answer of the server that has it.
    assert len(ask_foreign(client, "/chat", {"type": 2, "sid": ids[0], "room": "old"}, 1)) == 1
    emit_foreign(client, "/chat", "news", "old room", rooms=["old"])
    assert next(visitor for visitor in chatters if visitor.id() == ids[0]).wait_for("news") == "old room"


def test_a_foreign_server_asks_the_clients(cluster, chatters):
    for visitor in chatters:
        visitor.io.on("question", lambda text, visitor=visitor: f"{text} {visitor.id()}", namespace="/chat")
    packet = {"type": 2, "data": ["question", "you are"], "nsp": "/chat"}
    options = {"rooms": [], "except": [], "flags": {"timeout": 5000}}
    answers = ask_foreign(cluster.redis.connect(), "/chat", {"type": 7, "packet": packet, "opts": options}, 6)
    assert [answer["clientCount"] for answer in answers if answer["type"] == 8] == [1, 1, 1]
    assert sorted(answer["packet"] for answer in answers if answer["type"] == 9) == sorted(f"you are {visitor.id()}" for visitor in chatters)


def test_pythons_manager_reaches_all_sockets(cluster, chatters):
    ada, grace, lin = chatters
    manager = socketio.RedisManager(cluster.redis.url, write_only=True)
    manager.emit("news", {"n": 1}, namespace="/chat")
    assert [visitor.wait_for("news") for visitor in chatters] == [{"n": 1}] * 3
    manager.emit("news", {"bytes": b"\x01\x02", "deep": [b"\x03"]}, namespace="/chat", room="user:grace")
    assert grace.wait_for("news") == {"bytes": b"\x01\x02", "deep": [b"\x03"]}
    manager.emit("news", "not for Lin", namespace="/chat", skip_sid=lin.id())
    assert ada.wait_for("news") == grace.wait_for("news") == "not for Lin"
    time.sleep(0.2)
    assert "news" not in lin.rest()
    manager.emit("bare", None, namespace="/chat", room="user:lin")
    # Without an argument: what comes is the mark of recovery, which the server adds to every event.
    assert isinstance(lin.wait_for("bare"), str)
    manager.emit("news", "main", room="nobody")
    manager.enter_room(lin.id(), "/chat", "pythons")
    time.sleep(0.3)
    manager.emit("news", "in the room", namespace="/chat", room="pythons")
    assert lin.wait_for("news") == "in the room"
    manager.leave_room(lin.id(), "/chat", "pythons")
    # `disconnect` wants a server of its own in this process; with one, this is what it publishes.
    manager._publish({"method": "disconnect", "sid": grace.id(), "namespace": "/chat", "host_id": manager.host_id})
    assert grace.gone.wait(10)
    assert "news" not in ada.rest() and "news" not in lin.rest()


def test_python_is_not_listened_to_without_being_told(tmp_path, redis_server, visitors):
    plain = Cluster(tmp_path, redis_server, 1)
    ada = visitors(plain.nodes[0], "/chat", sub="ada")
    manager = socketio.RedisManager(redis_server.url, write_only=True)
    assert redis_server.connect().pubsub_numsub("socketio") == [(b"socketio", 0)]
    manager.emit("news", 1, namespace="/chat")
    assert "news" not in ada.rest()
    plain.stop()


# --- What breaks.


def test_redis_is_killed_and_comes_back(cluster, chatters):
    cluster.redis.kill()
    for node in cluster.nodes:
        eventually(lambda node=node: node.metric("connected") == 0)
    # Each server goes on with its own clients, at once.
    begin = time.monotonic()
    says(chatters[0], "alone")
    assert hears(chatters[0], "alone") and time.monotonic() - begin < 2
    assert requests.get(f"{cluster.nodes[0].url}/healthz", timeout=2).status_code == 200
    # What was not taken is counted once its time is over; longer than that nothing waits.
    eventually(lambda: cluster.nodes[0].metric("dropped_total", reason="unpublished") > 0, 8)
    cluster.redis.start()
    cluster.wait()
    says(chatters[1], "together")
    for visitor in chatters:
        hears(visitor, "together")
    for node in cluster.nodes:
        assert node.metric("reconnects_total") == 2 and node.metric("gaps_total") == len(NAMESPACES) + 1
    assert "alone" not in str(list(chatters[1].events["/chat"].queue))


def test_redis_is_paused(cluster, chatters):
    cluster.redis.pause()
    begin = time.monotonic()
    says(chatters[0], "alone")
    hears(chatters[0], "alone")
    assert time.monotonic() - begin < 2
    for node in cluster.nodes:
        eventually(lambda node=node: node.metric("connected") == 0, 20)
    # A notification is not held up by those who cannot be counted.
    begin = time.monotonic()
    url = f"{cluster.nodes[0].url}/v1/users/ada/notify"
    assert requests.post(url, json={"message": "Hello"}, headers=ADMIN_HEADERS, timeout=10).json()["sockets"] == 1
    assert time.monotonic() - begin < 2
    cluster.redis.resume()
    cluster.wait()
    says(chatters[1], "together")
    for visitor in chatters:
        hears(visitor, "together")


def test_a_server_is_killed_while_it_is_asked(cluster, chatters):
    """A node that hangs is still counted by Redis: the others answer, and are not waited for longer than it takes."""
    hanging = cluster.nodes[2]
    hanging.process.send_signal(19)
    begin = time.monotonic()
    url = f"{cluster.nodes[0].url}/v1/users/grace/notify"
    response = requests.post(url, json={"message": "Hello"}, headers=ADMIN_HEADERS, timeout=20)
    assert response.json()["sockets"] == 1 and 4 < time.monotonic() - begin < 8
    assert chatters[1].wait_for("notification")["message"] == "Hello"
    hanging.process.send_signal(18)
    eventually(lambda: says(chatters[0], "again") is None and hears(chatters[2], "again"))


def test_a_wrong_password_is_said_and_hurts_nobody(tmp_path, visitors):
    server = RedisServer(tmp_path, "--requirepass", "open sesame/é", password="open sesame/é").start()
    wrong = Node(tmp_path / "wrong", "--redis", f"redis://:not-this-one@127.0.0.1:{server.port}").start()
    none = Node(tmp_path / "none", "--redis", f"redis://127.0.0.1:{server.port}").start()
    right = Node(tmp_path / "right", "--redis", f"redis://default:open%20sesame%2F%C3%A9@127.0.0.1:{server.port}/3").start()
    eventually(right.is_joined)
    eventually(lambda: "WRONGPASS" in wrong.log.read_text() and "NOAUTH" in none.log.read_text())
    time.sleep(1)
    for node in (wrong, none):
        assert node.metric("connected") == 0
        ada = visitors(node, "/chat", sub="ada")
        ada.call("joinChat", {})
        says(ada, "alone")
        hears(ada, "alone")
    for node, secret in ((wrong, "not-this-one"), (right, "sesame")):
        assert secret not in node.log.read_text()
    assert wrong.log.read_text().count("trying again") <= 3
    assert [node.stop() for node in (wrong, none, right)] == [0, 0, 0]
    server.kill()


def test_the_address_is_shown_without_its_password():
    shown = subprocess.run(
        [binary(), "config", "--redis", "rediss://quire:hunter2@redis.example:6380/2"], capture_output=True, text=True, check=True
    ).stdout
    assert "rediss://quire:<secret>@redis.example:6380/2" in shown and "hunter2" not in shown
    environment = {"QUIRE_REDIS": "redis://quire:hunter2@redis.example", "PATH": "/usr/bin"}
    shown = subprocess.run([binary(), "config"], env=environment, capture_output=True, text=True, check=True).stdout
    assert "redis://quire:<secret>@redis.example:6379" in shown and "hunter2" not in shown
    for broken in ("http://quire:hunter2@redis.example", "redis://quire:hunter2@redis.example:port", "redis://:hunter2%zz@host"):
        refused = subprocess.run([binary(), "serve", "--redis", broken], capture_output=True, text=True)
        assert refused.returncode == 64 and "hunter2" not in refused.stdout + refused.stderr and "Redis" in refused.stderr


def test_nothing_that_is_published_hurts(cluster, chatters):
    client = cluster.redis.connect()
    before = [node.metric("dropped_total", reason="unreadable") for node in cluster.nodes]
    fine = {"type": 2, "data": ["news", 1], "nsp": "/chat"}
    hostile = [
        b"", b"\xc1", b"{", b"\x93", b"garbage", b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff",
        b"\x91" * 10_000, b"\x81" * 10_000, b"[" * 10_000, b'{"type":' + b"[" * 10_000, b"\xd4\x01\x02", b"\xa1\xff", b"{}", b"null",
        msgpack.packb(["emitter"]), msgpack.packb(["emitter", fine, {"rooms": "cats"}]), msgpack.packb([1, fine, {}]),
        msgpack.packb(["emitter", {**fine, "data": []}, {}]), msgpack.packb(["emitter", {**fine, "data": ["disconnect"]}, {}]),
        msgpack.packb(["emitter", {**fine, "type": 1}, {}]), msgpack.packb(["emitter", {**fine, "nsp": "/rooms"}, {}]),
        msgpack.packb(["emitter", {**fine, "data": {"news": 1}}, {}]),
    ]
    requests_ = [
        {"type": 99}, {"type": "5"}, {"type": 2}, {"type": 2, "opts": {}}, {"type": 4, "opts": []}, {"type": 6, "data": "x"},
        {"type": 5, "requestId": {"a": 1}}, {"type": 7, "opts": {}, "packet": {}, "requestId": "x"}, {"type": 5, "requestId": "x" * 1000},
    ]
    responses = [{"requestId": 5}, {"requestId": "x", "sockets": [1, [2]]}, {"requestId": "x", "type": 8, "clientCount": -5}]
    count = 0
    for channel in ("socket.io#/chat#", "socket.io#/chat#user:ada#", "socket.io-request#/chat#", "socket.io-response#/chat#", "socketio"):
        for message in hostile:
            assert client.publish(channel, message) == 3
            count += 1
    # Larger than what is read; with more at once Redis itself drops whom it waits for.
    assert client.publish("socket.io#/chat#", b"x" * (20 << 20)) == 3
    for message in requests_:
        client.publish("socket.io-request#/chat#", json.dumps(message))
    for message in responses:
        client.publish("socket.io-response#/chat#", json.dumps(message))
    for message in ({"method": "emit"}, {"method": 5}, {"method": "emit", "event": "news", "data": [1], "room": []},
                    {"method": "emit", "event": "disconnect", "data": []}, {"method": "disconnect"},
                    {"method": "emit", "event": "news", "binary": True, "data": [[{"_placeholder": True, "num": 5}], "AA=="]}):
        client.publish("socketio", json.dumps(message))
    # An answer without anything in it is no answer to anything.
    for node, already in zip(cluster.nodes, before):
        eventually(lambda node=node: node.metric("dropped_total", reason="unreadable") - already >= count - 2 + len(requests_), 20)
        assert node.is_running() and node.metric("connected") == 1 and node.metric("reconnects_total") == 0
    says(chatters[0], "last")
    for visitor in chatters:
        hears(visitor, "last")
        assert "news" not in visitor.rest() and not visitor.gone.is_set()


def test_redis_over_tls(tmp_path, visitors):
    trustme = pytest.importorskip("trustme")
    authority, stranger = trustme.CA(), trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "redis.key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "redis.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    stranger.cert_pem.write_to_path(tmp_path / "stranger.pem")
    server = RedisServer(
        tmp_path, "--port", "0", "--tls-port", "PORT", "--tls-cert-file", "redis.pem", "--tls-key-file", "redis.key",
        "--tls-ca-cert-file", "ca.pem", "--tls-auth-clients", "no", scheme="rediss", ssl=True, ssl_ca_certs=str(tmp_path / "ca.pem"),
    ).start()
    trusting = [Node(tmp_path / f"node{index}", "--redis", server.url, "--redis-ca", str(tmp_path / "ca.pem")).start() for index in range(2)]
    doubting = Node(tmp_path / "doubting", "--redis", server.url, "--redis-ca", str(tmp_path / "stranger.pem")).start()
    for node in trusting:
        eventually(node.is_joined)
    here, there = (visitors(node, "/chat", sub="ada") for node in trusting)
    for visitor in (here, there):
        visitor.call("joinChat", {})
    says(here, "secretly")
    hears(there, "secretly")
    eventually(lambda: "CERTIFICATE_VERIFY_FAILED" in doubting.log.read_text() or "handshakeFailed" in doubting.log.read_text())
    assert doubting.metric("connected") == 0
    assert [node.stop() for node in (*trusting, doubting)] == [0, 0, 0]
    server.kill()


def test_a_redis_that_comes_later_is_found(tmp_path):
    server = RedisServer(tmp_path)
    node = Node(tmp_path / "node", "--redis", server.url).start()
    eventually(lambda: "connection refused" in node.log.read_text().lower() or "ECONNREFUSED" in node.log.read_text())
    assert node.metric("connected") == 0
    server.start()
    eventually(node.is_joined, 15)
    assert node.stop() == 0
    server.kill()


def test_prefixes_divide_clusters(tmp_path, redis_server, visitors):
    nodes = [Node(tmp_path / name, "--redis", redis_server.url, "--redis-prefix", name).start() for name in ("blue", "green")]
    for node in nodes:
        eventually(node.is_joined)
    here, there = (visitors(node, "/chat", sub="ada") for node in nodes)
    for visitor in (here, there):
        visitor.call("joinChat", {})
        assert visitor.wait_for("onlineUsers")["count"] == 1
    says(here, "blue")
    hears(here, "blue")
    assert "newMessage" not in there.rest()
    assert [node.stop() for node in nodes] == [0, 0]
