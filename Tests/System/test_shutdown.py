"""A server that is asked to end says goodbye to every client, and waits for those that do not listen, but not for long."""

import signal
import socket
import time

import pytest
import requests

from quire import Server
from wire import PollingPeer, WebSocketPeer


@pytest.fixture
def quiet_server(tmp_path):
    one = Server(tmp_path).start()
    yield one
    one.stop()


def test_a_reload_without_a_certificate_ends_nothing(quiet_server):
    """The systemd unit sends SIGHUP on `systemctl reload`, whether or not there is something to read again."""
    peer = WebSocketPeer(quiet_server.url).connect()
    quiet_server.process.send_signal(signal.SIGHUP)
    assert peer.join("reloaded")["ok"]
    time.sleep(0.5)
    assert quiet_server.is_running() and quiet_server.answers()
    peer.close()


def test_connections_of_every_kind_are_open_at_the_end(quiet_server):
    """WebSockets have no task in the HTTP server: the loops must not end before they are closed."""
    deaf = [WebSocketPeer(quiet_server.url).connect() for _ in range(300)]
    polling = PollingPeer(quiet_server.url).connect()
    kept = requests.Session()
    assert kept.get(f"{quiet_server.url}/healthz", timeout=5).status_code == 200
    silent = socket.create_connection(("127.0.0.1", quiet_server.port), timeout=20)
    half = socket.create_connection(("127.0.0.1", quiet_server.port), timeout=20)
    half.sendall(b"GET /healthz HT")
    assert quiet_server.stop() == 0
    assert "ERROR" not in quiet_server.tail() and "shut down" not in quiet_server.tail()
    # The goodbye is there for whoever reads it now.
    for peer in deaf:
        assert peer.wait_for("closing")[0]["reason"] == "SHUTDOWN"
        peer.close()
    assert silent.recv(1) == b"" and half.recv(100) == b""
    polling.close()
