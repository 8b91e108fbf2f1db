"""A table of what no honest client sends, each with the answer that is documented for it.

After every case a healthy client, connected all the while, edits and gets its ack: the server goes on serving others.
The answers are those of the protocols (Engine.IO v4, Socket.IO v5) and of the error codes in the README.
"""

import json
import socket
import struct
import threading

import pytest
import requests
import websocket

import tokens
from test_malformed_events import EVENTS
from wire import Closed, PollingPeer, Refused, WebSocketPeer

BYTES = {"_placeholder": True, "num": 0}


pytestmark = pytest.mark.usefixtures("goes_on")


# Engine.IO over HTTP

UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
ENGINE_REQUESTS = {
    "no query": ("GET", "", {}, 400, 0),
    "no transport": ("GET", "EIO=4", {}, 400, 0),
    "an unknown transport": ("GET", "EIO=4&transport=carrier-pigeon", {}, 400, 0),
    "a transport that the server does not offer": ("GET", "EIO=4&transport=webtransport", {}, 400, 0),
    "a broken escape in the transport": ("GET", "EIO=4&transport=%ZZpolling", {}, 400, 0),
    "no protocol version": ("GET", "transport=polling", {}, 400, 5),
    "protocol version 3": ("GET", "EIO=3&transport=polling", {}, 400, 5),
    "a protocol version that is no number": ("GET", "EIO=four&transport=polling", {}, 400, 5),
    "an unknown session": ("GET", "EIO=4&transport=polling&sid=nobody", {}, 400, 1),
    # No session is asked for, as in the reference: this is a handshake, and by POST a wrong one.
    "an empty session": ("POST", "EIO=4&transport=polling&sid=", {}, 400, 2),
    "a session of 4 KiB": ("GET", "EIO=4&transport=polling&sid=" + "x" * 4096, {}, 400, 1),
    "a POST to an unknown session": ("POST", "EIO=4&transport=polling&sid=nobody", {}, 400, 1),
    "a handshake by POST": ("POST", "EIO=4&transport=polling", {}, 400, 2),
    "a handshake by DELETE": ("DELETE", "EIO=4&transport=polling", {}, 400, 2),
    "a WebSocket without an upgrade": ("GET", "EIO=4&transport=websocket", {}, 400, 3),
    "a page of another origin": ("GET", "EIO=4&transport=polling", {"Origin": "https://evil.example"}, 403, 4),
    "an origin that is none": ("GET", "EIO=4&transport=polling", {"Origin": "null"}, 403, 4),
}


@pytest.mark.parametrize("name", ENGINE_REQUESTS)
def test_a_malformed_engine_request(server, name):
    method, query, headers, status, code = ENGINE_REQUESTS[name]
    response = requests.request(method, f"{server.url}/socket.io/?{query}", headers=headers, timeout=5)
    assert response.status_code == status
    assert response.json()["code"] == code and response.json()["message"]


WEBSOCKET_REQUESTS = {
    "of an unknown session": ("EIO=4&transport=websocket&sid=nobody", {}, 400),
    "of protocol version 3": ("EIO=3&transport=websocket", {}, 400),
    "of a page of another origin": ("EIO=4&transport=websocket", {"Origin": "https://evil.example"}, 403),
    "without a key": ("EIO=4&transport=websocket", {"Sec-WebSocket-Key": None}, 400),
    "with a key that is too short": ("EIO=4&transport=websocket", {"Sec-WebSocket-Key": "c2hvcnQ="}, 400),
}


@pytest.mark.parametrize("name", WEBSOCKET_REQUESTS)
def test_a_malformed_websocket_upgrade(server, name):
    query, headers, status = WEBSOCKET_REQUESTS[name]
    headers = {key: value for key, value in {**UPGRADE, **headers}.items() if value is not None}
    response = requests.get(f"{server.url}/socket.io/?{query}", headers=headers, timeout=5)
    assert response.status_code == status


POLLING_BODIES = {
    "an empty body": b"",
    "an unknown packet type": b"7",
    "no packet type": b"hello",
    "an empty packet between two": b"3\x1e\x1e3",
    "a message that is no packet": b"4",
    "an unknown Socket.IO type": b"49",
    "binary that is not base64": b"b!!!!",
    "binary that nothing announced": b"bAAEC",
    "an open packet from a client": b'0{"sid":"x"}',
    "a ping from a client": b"2",
    "an upgrade outside of a probe": b"5",
    "a noop with data": b"6data",
    "an event before CONNECT": b'42/docs,["join",{}]',
    "bytes that are not UTF-8": b"4\xff\xfe",
    "a thousand empty packets": b"\x1e" * 1000,
}


@pytest.mark.parametrize("name", POLLING_BODIES)
def test_a_malformed_polling_body_ends_its_session(server, name):
    peer = PollingPeer(server.url)
    answer = peer.post(POLLING_BODIES[name])
    # The transport's own mistakes are answered 400; what is wrong one layer up was taken, and the session ends.
    assert (answer.status_code, answer.text) == (200, "ok") or (answer.status_code, answer.json()["code"]) == (400, 3)
    with pytest.raises(Closed):
        for _ in range(3):
            peer.receive()
    assert not peer.is_alive()
    peer.close()


def test_two_polls_at_once_end_the_session(server):
    peer = PollingPeer(server.url)
    answers = []
    first = threading.Thread(target=lambda: answers.append(requests.get(peer.base, params=peer.query, timeout=10)))
    first.start()
    second = None
    while first.is_alive() and (second is None or second.status_code == 200):
        second = requests.get(peer.base, params=peer.query, timeout=10)
    first.join()
    assert 400 in [answer.status_code for answer in [*answers, second]]
    assert not peer.is_alive()


def test_a_binary_post_is_refused(server):
    answer = PollingPeer(server.url).post(b"\x04", headers={"Content-Type": "application/octet-stream"})
    assert (answer.status_code, answer.json()["code"]) == (400, 3)


def test_a_post_over_the_limit_is_refused_and_the_session_lives(server):
    peer = PollingPeer(server.url)
    assert peer.post(b"4" + b"x" * (1 << 20)).status_code == 413
    assert peer.is_alive()
    peer.close()


# WebSocket frames


def frame(opcode: int, payload: bytes = b"", final: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    """One frame as RFC 6455 has it, or not."""
    head = bytes([(0x80 if final else 0) | reserved | opcode])
    size = len(payload)
    length = bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size) if size < 65536 else b"\x7f" + struct.pack(">Q", size)
    if not masked:
        return head + length + payload
    mask = b"\x01\x02\x03\x04"
    length = bytes([length[0] | 0x80]) + length[1:]
    return head + length + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


FRAMES = {
    "a frame without a mask": (frame(1, b"40/docs,{}", masked=False), 1002),
    "an unknown opcode": (frame(3, b"x"), 1002),
    "a reserved bit": (frame(1, b"3", reserved=0x40), 1002),
    "a ping in pieces": (frame(9, b"x", final=False), 1002),
    "a ping of 126 bytes": (frame(9, b"x" * 126), 1002),
    "a continuation of nothing": (frame(0, b"x"), 1002),
    "a text within a text": (frame(1, b"4", final=False) + frame(1, b"4"), 1002),
    "a close frame of one byte": (frame(8, b"x"), 1002),
    "a close code that is none": (frame(8, struct.pack(">H", 999)), 1002),
    "a text that is not UTF-8": (frame(1, b"4\xff\xff"), 1007),
    "a text over the limit": (frame(1, b"4" + b"x" * (1 << 20)), 1009),
    "a length of 2^63": (b"\x81\xff" + b"\xff" * 8 + b"\x01\x02\x03\x04", None),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_malformed_frame_closes_its_connection(server, name):
    data, code = FRAMES[name]
    peer = WebSocketPeer(server.url).connect()
    try:
        peer.socket.sock.sendall(data)
    except ConnectionError:
        pass
    with pytest.raises((Closed, websocket.WebSocketException, ConnectionError)) as end:
        while True:
            peer.receive()
    if code is not None and isinstance(end.value, Closed) and isinstance(end.value.args[0], int):
        assert end.value.args[0] == code


# Socket.IO packets

PACKETS_BEFORE_CONNECT = {
    "an empty frame": [""],
    "an unknown Engine.IO type": ["7"],
    "a ping from a client": ["2"],
    "an empty message": ["4"],
    "an unknown Socket.IO type": ["49"],
    "an event before CONNECT": ['42/docs,["join",{}]'],
    "an ack before CONNECT": ["43/docs,1[]"],
    "a CONNECT_ERROR from a client": ['44/docs,{"message":"x"}'],
    "an auth that is a list": ["40/docs,[1]"],
    "an auth that is a string": ['40/docs,"token"'],
    "an auth that is not JSON": ["40/docs,{token}"],
    "an auth that stops in the middle": ['40/docs,{"token":"x'],
    "a namespace of 300 bytes": ["40/" + "x" * 300 + ",{}"],
    "bytes that nothing announced": [b"\x00"],
}
PACKETS = {
    "an event that is an object": ["42/docs,{}"],
    "an event without a name": ["42/docs,[]"],
    "an event without JSON": ["42/docs,"],
    "an event whose name is null": ["42/docs,[null]"],
    "a reserved event name": ['42/docs,["connect"]'],
    "another reserved event name": ['42/docs,["disconnecting"]'],
    "JSON that stops in the middle": ['42/docs,1["join",{"doc":"x"'],
    "JSON with something behind it": ['42/docs,1["join",{}]x'],
    "JSON nested 1000 deep": ['42/docs,1["join",' + "[" * 1000 + "]" * 1000 + "]"],
    "JSON with a control character": ['42/docs,1["join",{"doc":"a\nb"}]'],
    "JSON with a number of 1e999": ['42/docs,1["join",{"rev":1e999}]'],
    "JSON with a leading zero": ['42/docs,1["join",{"rev":01}]'],
    "JSON with NaN": ['42/docs,1["join",{"rev":NaN}]'],
    "an ack id of 40 digits": ["42/docs," + "9" * 40 + '["join",{}]'],
    "eleven attachments": ['4511-/docs,["change"]'],
    "a billion attachments": ['451000000000-/docs,["change"]'],
    "a text while an attachment is due": [f'451-/docs,1{json.dumps(["change", "d", BYTES])}', '42/docs,["join",{}]'],
    "bytes that nothing announced": [b"\x00\x01"],
    "a placeholder without its attachment": [f'451-/docs,1{json.dumps(["change", "d", {**BYTES, "num": 7}])}', b"x"],
    "a placeholder of a negative number": [f'451-/docs,1{json.dumps(["change", "d", {**BYTES, "num": -1}])}', b"x"],
    "a second CONNECT": ["40/docs,{}"],
    "an event to a namespace it is not in": ['42/other,["join",{}]'],
    "a plain ack that is an object": ["43/docs,1{}"],
}


def expect_end(peer, packets):
    for packet in packets:
        try:
            peer.send_bytes(packet) if isinstance(packet, bytes) else peer.socket.send(packet)
        except (websocket.WebSocketException, ConnectionError):
            break
    with pytest.raises((Closed, websocket.WebSocketException, ConnectionError)):
        for _ in range(10):
            peer.receive()


@pytest.mark.parametrize("name", PACKETS_BEFORE_CONNECT)
def test_a_malformed_first_packet_closes_its_connection(server, name):
    expect_end(WebSocketPeer(server.url), PACKETS_BEFORE_CONNECT[name])


@pytest.mark.parametrize("name", PACKETS)
def test_a_malformed_packet_closes_its_connection(server, name):
    peer = WebSocketPeer(server.url).connect()
    peer.wait_for("authenticated")
    expect_end(peer, PACKETS[name])


def test_an_unknown_namespace_is_refused_and_the_connection_lives(server, document):
    peer = WebSocketPeer(server.url)
    peer.send_text("40/nope,{}")
    assert peer.next_packet()[2::2] == ("/nope", {"message": "Invalid namespace"})
    assert peer.connect().join(document)["ok"]
    peer.close()


def test_a_binary_packet_without_attachments_leaves_nothing_behind(server, document):
    peer = WebSocketPeer(server.url).connect()
    peer.send_text('450-/docs,["nothing"]')
    assert peer.join(document)["ok"], "the next text is not taken for a missing attachment"
    peer.close()


def test_an_ack_that_nobody_asked_for_is_ignored(server, document):
    peer = WebSocketPeer(server.url).connect()
    peer.send_text("43/docs,77[]")
    assert peer.join(document)["ok"]
    peer.close()


# The rest of HTTP

HTTP_REQUESTS = {
    "a document that does not exist": ("GET", "/v1/docs/nobody-wrote-this", 404, "UNKNOWN_DOCUMENT"),
    "a document whose name is none": ("GET", "/v1/docs/a%20b", 400, "INVALID_DOCUMENT"),
    "a name of 200 characters": ("GET", "/v1/docs/" + "x" * 200, 400, "INVALID_DOCUMENT"),
    "a format that does not exist": ("GET", "/v1/docs/healthy?format=docx", 400, "INVALID_ARGUMENT"),
    "a root that does not exist": ("GET", "/v1/docs/healthy?format=text&root=nope", None, None),
    "a method that does not exist there": ("PUT", "/healthz", 405, "METHOD_NOT_ALLOWED"),
    "a path that does not exist": ("GET", "/v1/nothing", 404, "NOT_FOUND"),
    "a file that does not exist": ("GET", "/nothing.js", 404, "NOT_FOUND"),
    "a hidden file": ("GET", "/.gitignore", 404, "NOT_FOUND"),
    "a way up": ("GET", "/lib/../../Package.swift", 404, "NOT_FOUND"),
    "an encoded way up": ("GET", "/lib/%2e%2e/%2e%2e/Package.swift", 404, "NOT_FOUND"),
    "an encoded slash on the way up": ("GET", "/..%2fPackage.swift", 404, "NOT_FOUND"),
    "a NUL in the path": ("GET", "/index.html%00.js", 404, "NOT_FOUND"),
    "a path that is not UTF-8": ("GET", "/%ff%fe", None, None),
}


@pytest.mark.parametrize("name", HTTP_REQUESTS)
def test_a_malformed_http_request(server, name):
    method, path, status, code = HTTP_REQUESTS[name]
    # By hand: a client library would tidy the path up first.
    with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        answer = read_all(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    got = int(head.split()[1])
    assert got == status if status is not None else got in (200, 400, 404)
    assert b"swift-tools-version" not in body
    if code is not None:
        error = json.loads(dechunked(head, body))
        assert error["code"] == code and error["message"] and error["retryable"] is False


RAW_REQUESTS = {
    "no HTTP": b"HELLO\r\n\r\n",
    "a TLS handshake": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    "a header without a name": b"GET / HTTP/1.1\r\n: x\r\n\r\n",
    "a negative length": b"POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    "two lengths": b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "200 KiB of headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Y: " + b"z" * 200_000 + b"\r\n\r\n",
    "a chunk of a size that is none": b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("name", RAW_REQUESTS)
def test_what_is_not_http_is_refused_and_closed(server, name):
    with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        try:
            connection.sendall(RAW_REQUESTS[name])
            connection.shutdown(socket.SHUT_WR)
            answer = read_all(connection)
        except ConnectionError:
            return
    assert answer == b"" or answer.split()[1][:1] == b"4"


def read_all(connection) -> bytes:
    answer = b""
    while chunk := connection.recv(65536):
        answer += chunk
    return answer


def dechunked(head: bytes, body: bytes) -> bytes:
    if b"chunked" not in head.lower():
        return body
    out = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        out, body = out + rest[: int(size, 16)], rest[int(size, 16) + 2:]
    return out


def test_the_table_has_the_promised_size():
    tables = [
        ENGINE_REQUESTS, WEBSOCKET_REQUESTS, POLLING_BODIES, FRAMES, PACKETS_BEFORE_CONNECT, PACKETS, HTTP_REQUESTS,
        RAW_REQUESTS, EVENTS,
    ]
    assert sum(map(len, tables)) >= 60


def test_a_refused_connect_leaves_the_connection_usable(closed_server):
    peer = WebSocketPeer(closed_server.url)
    with pytest.raises(Refused):
        peer.connect({"token": "nonsense"})
    assert peer.connect({"token": tokens.make()}).join("inside")["ok"]
    peer.close()
