"""Limits on rates: each refusal has its code, says that trying again helps, and loses nothing."""

import pytest
import requests
import websocket

from quire import Server
from wire import Closed, WebSocketPeer, splice


@pytest.fixture
def strict_server(tmp_path):
    one = Server(tmp_path, limits=("--messages-per-second", "5", "--connections-per-second", "3"))
    yield one.start()
    one.stop()


def test_a_client_that_writes_too_fast_is_told_and_then_put_out(strict_server, document):
    fast, other = WebSocketPeer(strict_server.url).connect(), WebSocketPeer(strict_server.url).connect()
    assert fast.join(document)["ok"] and other.join("elsewhere")["ok"]
    accepted, refused = 0, 0
    with pytest.raises((Closed, websocket.WebSocketException, ConnectionError)):
        for _ in range(400):
            answer = fast.edit(document, splice(0, "x"))
            if answer["ok"]:
                accepted += 1
                continue
            refused += 1
            assert answer["error"]["code"] == "RATE_LIMITED" and answer["error"]["retryable"] is True
    assert accepted >= 40 and refused >= 1
    assert other.edit("elsewhere", splice(0, "y"))["ok"]
    assert strict_server.text(document) == "x" * accepted


def test_too_many_connections_of_one_address_are_refused(strict_server):
    url = f"{strict_server.url}/socket.io/?EIO=4&transport=polling"
    answers = [requests.get(url, timeout=5) for _ in range(30)]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert refused and {answer.status_code for answer in refused} == {429}
    assert all("RATE_LIMITED" in answer.text for answer in refused)


def test_a_session_that_exists_is_not_held_up_by_new_ones(strict_server, document):
    peer = WebSocketPeer(strict_server.url).connect()
    assert peer.join(document)["ok"]
    for _ in range(20):
        requests.get(f"{strict_server.url}/socket.io/?EIO=4&transport=polling", timeout=5)
    assert peer.edit(document, splice(0, "still here"))["ok"]
    assert strict_server.text(document) == "still here"
