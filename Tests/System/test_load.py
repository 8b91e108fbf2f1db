"""`quire bench load` against a real server: it counts right, and it says so when something is missing."""

import json
import subprocess

import pytest

from quire import Server, binary


@pytest.fixture
def roomy_server(tmp_path):
    """One that lets all clients of one address in at once."""
    one = Server(tmp_path, "--connections-per-address", "0").start()
    yield one
    assert one.stop() == 0, one.tail()


def load(server: Server, *arguments: str) -> tuple[int, dict]:
    """The exit code and the report of a short load."""
    command = [
        binary(), "bench", "load", "--url", server.url, "--server-pid", str(server.process.pid), "--json",
        "--warmup", "0.2", "--duration", "1.5", *arguments,
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.stdout.startswith("{"), ended.stderr
    return ended.returncode, json.loads(ended.stdout)


@pytest.mark.parametrize("kind", ["signal", "binary-signal", "change", "edit"])
def test_every_message_reaches_every_other_client(roomy_server, kind):
    status, report = load(roomy_server, "--rooms", "2", "--clients", "5", "--senders", "2", "--rate", "20", "--kind", kind)
    assert status == 0 and report["ok"], report
    assert report["connected"] == 10
    # 4 senders, 20 a second, 1.5 seconds: 120. On a busy machine those that are late when the time ends are not sent.
    assert 60 <= report["sent"] <= 140
    # Two senders of a room are heard by the other four.
    assert abs(report["delivered"] - 4 * report["sent"]) <= 40
    assert (report["lost"], report["duplicates"], report["unacknowledged"], report["refused"]) == (0, 0, 0, {})
    assert report["acked"] == 0 if "signal" in kind else report["acked"] > 50
    assert report["deliveryLatency"]["count"] > 180
    assert 0 < report["deliveryLatency"]["p50"] <= report["deliveryLatency"]["p99"] <= report["deliveryLatency"]["max"]
    assert report["serverBytes"] > 1 << 20


def test_mixed_rooms_converge_under_load(roomy_server):
    status, report = load(
        roomy_server, "--rooms", "2", "--clients", "6", "--thin", "2", "--window", "2", "--kind", "change=8,presence=2", "--verify",
    )
    assert status == 0 and report["ok"], report
    assert (report["verifiedRooms"], report["differingRooms"]) == (2, 0)
    assert report["sent"] > 50 and report["presenceEvents"] > 0


def test_a_client_that_stops_reading_catches_up(roomy_server):
    status, report = load(
        roomy_server, "--clients", "8", "--rate", "20", "--kind", "change", "--stalled", "1", "--stall", "0.8", "--verify",
    )
    assert status == 0 and report["ok"], report
    assert report["stalledLatency"]["max"] > 700_000
    assert report["catchUpMilliseconds"] < 700
    assert report["stalledLatency"]["count"] > 0


def test_what_is_refused_is_told(tmp_path):
    """With the limits on, connections are closed that send too much: messages are missing, and the exit code says so."""
    server = Server(tmp_path, limits=()).start()
    try:
        status, report = load(server, "--clients", "3", "--rate", "2000", "--acks")
        assert status == 1 and not report["ok"]
        assert report["refused"].keys() == {"RATE_LIMITED"} and report["refused"]["RATE_LIMITED"] > 0
    finally:
        server.stop()


def test_nothing_is_measured_where_nobody_listens():
    command = [binary(), "bench", "load", "--url", "http://127.0.0.1:1", "--clients", "2", "--duration", "1", "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    report = json.loads(ended.stdout)
    assert ended.returncode == 1
    assert (report["connected"], report["sent"], report["ok"]) == (0, 0, False)
    assert sum(report["lostConnections"].values()) == 2
