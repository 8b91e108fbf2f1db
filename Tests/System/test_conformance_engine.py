"""Engine.IO v4 in raw requests and frames, rule by rule, against the echo of ConformanceServer."""

import base64
import concurrent.futures
import json
import time

import pytest
import requests
import websocket

from conformance import SEPARATOR, ConformanceServer, Engine, wait_for_close

INTERVAL, PATIENCE = 0.6, 1.0


def serve(interval, patience):
    times = ("--ping-interval", str(interval), "--ping-timeout", str(patience))
    one = ConformanceServer(*times, "--connect-timeout", "30000")
    yield one
    assert one.is_running()
    one.stop()


@pytest.fixture(scope="module")
def conformance():
    """Its sessions outlive any pause of a busy machine."""
    yield from serve(25_000, 20_000)


@pytest.fixture(scope="module")
def hasty_conformance():
    yield from serve(600, 1000)


@pytest.fixture
def engine(conformance):
    return Engine(conformance.url)


@pytest.fixture
def hasty(hasty_conformance):
    """For tests of the heartbeat."""
    return Engine(hasty_conformance.url)


@pytest.fixture
def background():
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        yield pool


KEYS = ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"]


def test_a_polling_handshake_has_exactly_the_five_keys(hasty):
    response = hasty.get()
    assert response.headers["Content-Type"] == "text/plain; charset=UTF-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    handshake = json.loads(response.text[1:])
    assert sorted(handshake) == KEYS
    assert handshake["upgrades"] == ["websocket"] and handshake["maxPayload"] == 1_000_000
    assert handshake["pingInterval"] == 600 and handshake["pingTimeout"] == 1000
    assert len(handshake["sid"]) == 20


def test_a_websocket_handshake_offers_no_upgrade(engine):
    socket = engine.web_socket()
    handshake = json.loads(socket.recv()[1:])
    assert sorted(handshake) == KEYS and handshake["upgrades"] == []
    socket.close()


@pytest.mark.parametrize(
    "query, code, message",
    [
        ({"EIO": None}, 5, "Unsupported protocol version"),
        ({"EIO": "abc"}, 5, "Unsupported protocol version"),
        ({"EIO": "3"}, 5, "Unsupported protocol version"),
        ({"transport": None}, 0, "Transport unknown"),
        ({"transport": "abc"}, 0, "Transport unknown"),
        ({"transport": "websocket"}, 3, "Bad request"),
        ({"sid": "abc"}, 1, "Session ID unknown"),
        # Of several faults the one that the reference meets first.
        ({"sid": "abc", "EIO": None}, 1, "Session ID unknown"),
        ({"sid": "abc", "EIO": "3", "transport": "abc"}, 0, "Transport unknown"),
        ({"transport": "websocket", "EIO": None}, 3, "Bad request"),
    ],
)
def test_a_request_that_is_wrong_gets_its_code(engine, query, code, message):
    response = engine.get(**query)
    assert response.status_code == 400
    assert response.json() == {"code": code, "message": message}
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "query, message",
    [
        ({"EIO": None}, b"Unsupported protocol version"), ({"EIO": "abc"}, b"Unsupported protocol version"),
        ({"transport": None}, b"Transport unknown"), ({"transport": "abc"}, b"Transport unknown"),
        ({"transport": "polling"}, b"Bad request"), ({"sid": "abc"}, b"Session ID unknown"),
    ],
)
def test_a_websocket_request_that_is_wrong_gets_the_message(engine, query, message):
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        engine.web_socket(**query)
    assert refused.value.status_code == 400
    assert refused.value.resp_body == message
    assert refused.value.resp_headers["content-type"] == "text/html"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD"])
def test_only_get_opens_a_session(engine, method):
    response = requests.request(method, engine.base, params={"EIO": 4, "transport": "polling"}, timeout=10)
    assert response.status_code == 400
    if method != "HEAD":
        assert response.json() == {"code": 2, "message": "Bad handshake method"}


def test_a_session_is_not_asked_for_its_version(engine):
    sid = engine.open()["sid"]
    response = requests.post(engine.base, params={"transport": "polling", "sid": sid}, data="4hello", timeout=10)
    assert response.status_code == 200
    assert engine.get(sid, EIO=None).text == "4hello"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_session_takes_get_and_post_only(engine, method):
    sid = engine.open()["sid"]
    query = {"EIO": 4, "transport": "polling", "sid": sid}
    response = requests.request(method, engine.base, params=query, timeout=10)
    assert response.status_code == 400 and response.json()["code"] == 3
    assert engine.post(sid, "4still here").text == "ok"


def test_three_messages_in_one_post_come_back_in_one_get(engine):
    sid = engine.open()["sid"]
    response = engine.post(sid, SEPARATOR.join(["4one", "4zwei €", "4三"]))
    assert (response.status_code, response.text) == (200, "ok")
    assert response.headers["Content-Type"] == "text/html" and response.headers["Content-Length"] == "2"
    assert engine.get(sid).content.decode() == SEPARATOR.join(["4one", "4zwei €", "4三"])


def test_binary_is_b_and_base64_in_a_polling_body(engine):
    sid = engine.open()["sid"]
    data = base64.b64encode(bytes(range(256))).decode()
    assert engine.post(sid, SEPARATOR.join([f"b{data}", "4text", "bAQIDBA=="])).text == "ok"
    assert engine.get(sid).text == SEPARATOR.join([f"b{data}", "4text", "bAQIDBA=="])


def test_over_a_websocket_every_message_comes_back_as_it_was(engine):
    socket = engine.web_socket()
    socket.recv()
    for text in ["hello", "", "€ 三 😀", "x" * 200_000]:
        socket.send("4" + text)
        assert socket.recv() == "4" + text
    for data in [b"\x01\x02\x03\x04", b"", bytes(range(256)) * 300]:
        socket.send_binary(data)
        assert socket.recv() == data
    socket.close()


@pytest.mark.parametrize("body", ["abc", "", "7", "4ok\x1e", "4ok\x1eabc", "b???", "0", "5", "2", "2probe"])
def test_a_malformed_post_ends_the_session(engine, body):
    sid = engine.open()["sid"]
    response = engine.post(sid, body)
    assert response.status_code == 400 and response.json()["code"] == 3
    assert engine.is_gone(sid)


@pytest.mark.parametrize("frame", ["abc", "", "7", "0{}", "5", "2", "2probe", "b1234"])
def test_a_malformed_frame_closes_the_websocket(engine, frame):
    socket = engine.web_socket()
    sid = json.loads(socket.recv()[1:])["sid"]
    socket.send(frame)
    assert wait_for_close(socket) < 0.5
    assert engine.is_gone(sid)


def test_a_binary_post_is_refused(engine):
    sid = engine.open()["sid"]
    response = engine.post(sid, b"4abc", **{"Content-Type": "application/octet-stream"})
    assert response.status_code == 400


def test_a_body_over_max_payload_gets_413_announced_or_not(engine):
    sid = engine.open()["sid"]
    assert engine.post(sid, "4" + "x" * 1_000_000).status_code == 413
    query = {"EIO": 4, "transport": "polling", "sid": sid}
    chunks = (b"4" + b"x" * 99_999 for _ in range(11))
    try:
        response = requests.post(engine.base, params=query, data=chunks, timeout=10)
        assert response.status_code == 413
    except requests.ConnectionError:
        pass  # Cut off while the rest was on its way: as good.
    assert engine.post(sid, "4" + "y" * 999_999).text == "ok"
    packets = engine.get(sid).text.split(SEPARATOR)
    assert [packet for packet in packets if packet != "2"] == ["4" + "y" * 999_999]


def test_a_message_over_max_payload_closes_the_websocket(engine):
    socket = engine.web_socket()
    socket.recv()
    socket.send("4" + "x" * 1_000_000)
    frame = socket.recv_frame()
    assert frame.opcode == websocket.ABNF.OPCODE_CLOSE
    assert int.from_bytes(frame.data[:2], "big") == 1009


def test_a_second_get_ends_the_session(engine, background):
    sid = engine.open()["sid"]
    first = background.submit(engine.get, sid, requests.Session())
    time.sleep(0.15)
    second = engine.get(sid, session=requests.Session())
    assert (first.result().status_code, first.result().text) == (200, "1")
    assert second.status_code == 400 and second.json()["code"] == 3
    assert engine.is_gone(sid)


def test_a_cancelled_get_ends_the_session(engine):
    import socket as sockets

    sid = engine.open()["sid"]
    port = int(engine.base.split(":")[2].split("/")[0])
    with sockets.create_connection(("127.0.0.1", port), timeout=10) as gone:
        gone.sendall(f"GET /engine.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        time.sleep(0.05)
    time.sleep(0.05)
    assert engine.is_gone(sid)


def test_a_second_post_ends_the_session(engine, background):
    import socket as sockets

    sid = engine.open()["sid"]
    host, port = "127.0.0.1", int(engine.base.split(":")[2].split("/")[0])
    with sockets.create_connection((host, port), timeout=10) as slow:
        target = f"/engine.io/?EIO=4&transport=polling&sid={sid}"
        slow.sendall(f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n4a".encode())
        time.sleep(0.15)
        assert engine.post(sid, "4b").status_code == 400
        assert engine.is_gone(sid)
        slow.sendall(b"bcd")
        assert b" 400 " in slow.recv(200)


def test_the_server_pings_alone_after_the_interval(hasty):
    sid = hasty.open()["sid"]
    start = time.monotonic()
    for _ in range(3):
        assert hasty.get(sid).text == "2"
        elapsed = time.monotonic() - start
        assert INTERVAL - 0.1 < elapsed < INTERVAL + 0.4
        assert hasty.post(sid, "3").text == "ok"
        start = time.monotonic()
    assert hasty.post(sid, "1").text == "ok"


def test_without_a_pong_the_session_is_gone_in_time(hasty):
    sid = hasty.open()["sid"]
    start = time.monotonic()
    assert hasty.get(sid).text == "2"
    time.sleep(max(0, INTERVAL + PATIENCE - 0.35 - (time.monotonic() - start)))
    assert hasty.post(sid, "4still there").status_code == 200
    time.sleep(max(0, INTERVAL + PATIENCE - (time.monotonic() - start)))
    assert hasty.is_gone(sid)


def test_without_a_pong_the_websocket_is_closed_in_time(hasty):
    socket = hasty.web_socket()
    socket.recv()
    elapsed = wait_for_close(socket)
    assert INTERVAL + PATIENCE - 0.1 < elapsed < INTERVAL + PATIENCE + 0.4


def test_a_close_releases_the_waiting_get(engine, background):
    sid = engine.open()["sid"]
    waiting = background.submit(engine.get, sid, requests.Session())
    time.sleep(0.15)
    assert engine.post(sid, "1").text == "ok"
    assert (waiting.result().status_code, waiting.result().text) == (200, "6")
    assert engine.is_gone(sid)


def test_a_close_packet_closes_the_websocket(engine):
    socket = engine.web_socket()
    sid = json.loads(socket.recv()[1:])["sid"]
    socket.send("1")
    assert wait_for_close(socket) < 0.5
    assert engine.is_gone(sid)


def test_an_upgrade_releases_the_get_and_is_final(engine, background):
    sid = engine.open()["sid"]
    waiting = background.submit(engine.get, sid, requests.Session())
    time.sleep(0.1)
    socket = engine.web_socket(sid)
    socket.send("2probe")
    assert socket.recv() == "3probe"
    assert waiting.result().text == "6"
    socket.send("5")
    socket.send("4hello")
    assert socket.recv() == "4hello"
    assert engine.get(sid).status_code == 400
    assert engine.post(sid, "4x").status_code == 400

    second = engine.web_socket(sid)  # Accepted; a 400 here breaks clients under Node.
    assert wait_for_close(second) < 0.5
    socket.send("4after")
    assert socket.recv() == "4after"
    socket.close()


def test_what_waits_goes_over_with_the_upgrade_in_order(engine):
    sid = engine.open()["sid"]
    assert engine.post(sid, SEPARATOR.join(f"4{index}" for index in range(40))).text == "ok"
    socket = engine.web_socket(sid)
    socket.send("2probe")
    assert socket.recv() == "3probe"
    first = engine.get(sid).text.split(SEPARATOR)
    assert len(first) == 16, "python-engineio takes no more in one body"
    socket.send("5")
    rest = [socket.recv() for _ in range(24)]
    assert [*first, *rest] == [f"4{index}" for index in range(40)]
    socket.close()


@pytest.mark.parametrize("frame", ["5", "2", "2other", "4hello", "3probe", "1"])
def test_a_probe_that_goes_wrong_leaves_polling_as_it_was(engine, frame):
    sid = engine.open()["sid"]
    socket = engine.web_socket(sid)
    socket.send(frame)
    assert wait_for_close(socket) < 0.5
    assert engine.post(sid, "4still").text == "ok"
    assert engine.get(sid).text == "4still"


def test_a_pong_may_come_by_the_new_transport(hasty):
    sid = hasty.open()["sid"]
    socket = hasty.web_socket(sid)
    socket.send("2probe")
    assert socket.recv() == "3probe"
    socket.send("5")
    for _ in range(3):
        assert socket.recv() == "2"
        socket.send("3")
    socket.send("4alive")
    assert socket.recv() == "4alive"
    socket.close()


def test_session_ids_do_not_repeat_or_count(engine):
    ids = [engine.open()["sid"] for _ in range(50)]
    assert len(set(ids)) == 50
    assert len({sid[:4] for sid in ids}) > 45, "a common beginning would be a clock or a counter"
    assert all(set(sid) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") for sid in ids)


def test_a_preflight_is_answered(engine):
    headers = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-custom",
    }
    response = requests.options(engine.base, params={"EIO": 4, "transport": "polling"}, headers=headers, timeout=10)
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert response.headers["Access-Control-Allow-Headers"] == "x-custom"


def test_python_engineio_talks_to_it_over_every_transport(conformance):
    import queue

    import engineio

    for transports in (["polling"], ["websocket"], None):
        client, got = engineio.Client(), queue.Queue()
        client.on("message", got.put)
        client.connect(conformance.url, transports=transports, engineio_path="engine.io")
        messages = ["text", "€ 😀", b"\x00\x01\xff", "x" * 50_000, b"y" * 70_000]
        for message in messages:
            client.send(message)
        assert [got.get(timeout=10) for _ in messages] == messages
        # Its own heartbeat answers ours.
        time.sleep(2 * (INTERVAL + PATIENCE))
        client.send("still here")
        assert got.get(timeout=10) == "still here"
        assert client.transport() == ("polling" if transports == ["polling"] else "websocket")
        client.disconnect()
