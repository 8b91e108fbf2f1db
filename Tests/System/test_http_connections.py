"""One TCP connection that is now HTTP's, now Socket.IO's: what answers requests is built when the first one comes."""

import re
import socket

import pytest

from wire import SEPARATOR

POLLING = "/socket.io/?EIO=4&transport=polling"
UPGRADE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Connection:
    """A TCP connection on which HTTP is spoken by hand."""

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self.input = b""

    def send(self, text: str):
        self.socket.sendall(text.encode())

    def get(self, path: str) -> tuple[int, str]:
        self.send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        return self.response()

    def response(self) -> tuple[int, str]:
        """The status and the body of the next response."""
        while b"\r\n\r\n" not in self.input:
            self.more()
        head, _, self.input = self.input.partition(b"\r\n\r\n")
        length = int((re.search(rb"content-length: (\d+)", head, re.I) or [0, 0])[1])
        while len(self.input) < length:
            self.more()
        body, self.input = self.input[:length], self.input[length:]
        return int(head.split()[1]), body.decode()

    def more(self):
        data = self.socket.recv(65536)
        assert data, f"closed after {self.input}"
        self.input += data

    def is_closed(self) -> bool:
        return not self.input and self.socket.recv(1) == b""


@pytest.fixture
def connection(server):
    one = Connection(server)
    yield one
    one.socket.close()


def test_requests_of_both_kinds_share_a_connection(connection):
    for path in [POLLING, "/healthz", POLLING, "/healthz", "/", "/nothing"]:
        status, body = connection.get(path)
        assert status == (404 if path == "/nothing" else 200)
        assert body.startswith("0{") == (path == POLLING)


@pytest.mark.parametrize("before", [[], [POLLING], ["/healthz"], [POLLING, "/healthz", POLLING]], ids=len)
def test_a_connection_becomes_a_websocket_with_any_request(connection, before):
    for path in before:
        assert connection.get(path)[0] == 200
    connection.send(UPGRADE)
    assert connection.response()[0] == 101
    while b"}" not in connection.input:
        connection.more()
    assert connection.input[2:].lstrip(b"\x00~").find(b'0{"') >= 0
    # A frame of a client, with a mask of zeros: CONNECT to /chat.
    connection.input = b""
    connection.socket.sendall(b"\x81\x88\0\0\0\0" + b"40/chat,")
    while b"authenticated" not in connection.input:
        connection.more()
    assert b'40/chat,{"sid"' in connection.input


def test_requests_that_come_at_once_are_answered_in_their_order(connection):
    paths = ["/healthz", POLLING, "/nothing", POLLING, "/healthz"]
    connection.send("".join(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" for path in paths))
    answers = [connection.response() for _ in paths]
    assert [status for status, _ in answers] == [200, 200, 404, 200, 200]
    assert [body.startswith("0{") for _, body in answers] == [False, True, False, True, False]
    assert not any(SEPARATOR in body for _, body in answers)


@pytest.mark.parametrize("before", [[], ["/healthz"]], ids=["first", "later"])
def test_what_is_no_http_is_refused(connection, before):
    for path in before:
        assert connection.get(path)[0] == 200
    connection.send("hello\r\n\r\n")
    assert connection.response()[0] == 400
    assert connection.is_closed()


def test_a_client_that_says_that_it_is_done_gets_its_answer(connection):
    connection.send("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    connection.socket.shutdown(socket.SHUT_WR)
    assert connection.response()[0] == 200
    assert connection.is_closed()


def test_a_client_that_says_nothing_and_is_done_is_let_go(connection):
    connection.socket.shutdown(socket.SHUT_WR)
    assert connection.is_closed()


# --- HTTP's own rules, on the paths that Socket.IO's gate passes on


@pytest.mark.parametrize("path", ["/healthz", POLLING])
@pytest.mark.parametrize("hosts", ["", "Host: a\r\nHost: a\r\n", "Host: a b\r\n"], ids=["none", "two", "malformed"])
def test_a_request_has_one_host(connection, path, hosts):
    connection.send(f"GET {path} HTTP/1.1\r\n{hosts}\r\n")
    status, body = connection.response()
    assert status == 400 and '"BAD_REQUEST"' in body
    assert connection.is_closed()


def test_a_target_may_be_absolute(connection):
    for path in ["/healthz", POLLING, "/"]:
        assert connection.get(f"http://quire.example{path}")[0] == 200


@pytest.mark.parametrize("expectation, statuses", [("100-continue", [100, 401]), ("something-else", [417])])
def test_an_expectation_is_met_or_refused(connection, expectation, statuses):
    connection.send(
        "POST /v1/users/ada/notify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Expect: {expectation}\r\nContent-Length: 15\r\n\r\n"
    )
    for status in statuses:
        assert connection.response()[0] == status
        if status == 100:
            connection.send('{"message":"x"}')
