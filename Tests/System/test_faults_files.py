"""Files that are taken away, locked by others or too many; and clocks that jump."""

import os
import resource
import shutil
import socket
import sqlite3
import subprocess
import time

import pytest
import requests

from faults.disk import Disk, disk, faulty_server, shim  # noqa: F401
from quire import Server, binary
from test_faults_disk import until
from tokens import SECRET, make
from wire import WebSocketPeer, splice


@pytest.fixture
def written(own_server, document):
    """A server with a document on disk, and somebody who is in it."""
    peer = WebSocketPeer(own_server.url).connect()
    assert peer.join(document)["ok"]
    for number in range(20):
        assert peer.edit(document, splice(0, f"{number};"))["ok"]
    return own_server, peer


TEXT = "".join(f"{number};" for number in reversed(range(20)))


def test_a_second_server_on_the_same_file_is_refused(written, document):
    server, peer = written
    command = [binary(), "serve", "--port", "0", "--database", str(server.folder / "quire.sqlite")]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert second.returncode == 1 and "IN_USE" in second.stderr + second.stdout, second
    assert peer.edit(document, splice(0, "on "))["ok"]
    # Neither does it come in when somebody clears the lock away; the first one takes that again.
    (server.folder / "quire.sqlite.lock").unlink()
    until((server.folder / "quire.sqlite.lock").exists, 5)
    second = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert second.returncode == 1 and "IN_USE" in second.stderr + second.stdout, second
    assert peer.edit(document, splice(0, "and "))["ok"]
    assert server.text(document) == f"and on {TEXT}"


def test_a_lock_of_somebody_else_refuses_everybody_and_is_outlived(written, document):
    """One wait for all documents, not one for each of them."""
    server, peer = written
    others = []
    for number in range(8):
        other = WebSocketPeer(server.url).connect()
        assert other.join(f"{document}-{number}")["ok"] and other.edit(f"{document}-{number}", splice(0, "a"))["ok"]
        others.append(other)
    with sqlite3.connect(server.folder / "quire.sqlite", isolation_level=None) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        begin = time.monotonic()
        for number, other in enumerate(others):
            other.emit("edit", f"{document}-{number}", {"rev": 1, "ops": [splice(0, "b")]})
        answer = peer.edit(document, splice(0, "refused "))
        assert not answer["ok"] and answer["error"]["code"] == "STORE_FAILED" and answer["error"]["retryable"]
        for other in others:
            other.wait_for("reset")
        assert time.monotonic() - begin < 25, "each document waited for itself"
        assert requests.get(f"{server.url}/readyz", timeout=5).status_code == 503
        foreign.execute("ROLLBACK")
    foreign.close()
    until(lambda: requests.get(f"{server.url}/readyz", timeout=5).status_code == 200, 20)
    again = WebSocketPeer(server.url).connect()
    assert again.join(document)["content"] == {"body": TEXT}
    assert again.edit(document, splice(0, "on "))["ok"]


@pytest.mark.parametrize("names", [["quire.sqlite"], ["quire.sqlite-wal"], ["quire.sqlite-shm"], ["quire.sqlite", "quire.sqlite-wal", "quire.sqlite-shm"]], ids="+".join)
@pytest.mark.parametrize("writes", [True, False], ids=["while somebody writes", "while nobody writes"])
def test_a_deleted_file_is_put_back_and_the_server_ends(written, document, names, writes):
    server, peer = written
    process = server.process
    for name in names:
        (server.folder / name).unlink()
    if writes:
        answer = peer.edit(document, splice(0, "refused "))
        assert not answer["ok"] and answer["error"]["code"] == "STORE_FAILED" and answer["error"]["retryable"]
    until(lambda: process.poll() is not None, 20)
    assert process.returncode == 1, server.tail()
    assert "was deleted or replaced under the server" in server.tail()
    server.start()
    # What was refused may be there, as anything that was under way.
    assert server.text(document) in (TEXT, f"refused {TEXT}")


def test_a_replaced_file_is_left_alone_and_what_the_server_held_is_saved_beside_it(written, document):
    server, peer = written
    process, path = server.process, server.folder / "quire.sqlite"
    other = server.folder / "other"
    other.mkdir()
    with_other = Server(other).start()
    stranger = WebSocketPeer(with_other.url).connect()
    assert stranger.join("other")["ok"] and stranger.edit("other", splice(0, "other"))["ok"]
    assert with_other.stop() == 0
    os.replace(other / "quire.sqlite", path)
    replaced = path.read_bytes()
    assert peer.edit(document, splice(0, "refused "))["error"]["code"] == "STORE_FAILED"
    until(lambda: process.poll() is not None, 20)
    assert process.returncode == 1, server.tail()
    assert path.read_bytes() == replaced
    (rescued,) = server.folder.glob("quire.sqlite.rescued-*")
    assert str(rescued) in server.tail()
    for suffix in ("", "-wal", "-shm"):
        (server.folder / f"quire.sqlite{suffix}").unlink(missing_ok=True)
    shutil.move(rescued, path)
    server.start()
    assert server.text(document) in (TEXT, f"refused {TEXT}")


def test_out_of_descriptors_those_who_are_in_go_on_and_others_come_in_later(tmp_path, document):
    server = Server(tmp_path, "--connections-per-address", "0")
    server.start()
    # From the start it would have it from its parent; it raises its soft limit to the hard one, which is what counts.
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (80, 80))
    folder = f"/proc/{server.process.pid}/fd"
    databases = [name for name in os.listdir(folder) if os.readlink(f"{folder}/{name}").endswith("quire.sqlite")]
    assert len(databases) == 5, "the writer and four readers have the file open before anybody takes the descriptors"
    probe = requests.Session()
    assert probe.get(f"{server.url}/readyz", timeout=5).status_code == 200
    ada = WebSocketPeer(server.url).connect()
    assert ada.join(document)["ok"] and ada.edit(document, splice(0, "before "))["ok"]
    others, crowd = [WebSocketPeer(server.url).connect() for _ in range(12)], []
    try:
        for _ in range(100):
            crowd.append(socket_to(server))
        time.sleep(0.5)
        assert len(os.listdir(f"/proc/{server.process.pid}/fd")) >= 78, "there were descriptors left"
        # Neither commits nor loads need one: the files are open.
        assert ada.edit(document, splice(0, "meanwhile "))["ok"]
        for number, other in enumerate(others):
            other.emit("join", {"doc": f"{document}-{number}", "format": "json"})
        for number, other in enumerate(others):
            assert other.join(f"{document}-{number}")["ok"]
        assert ada.join(f"{document}-new")["ok"] and ada.edit(f"{document}-new", splice(0, "new"), rev=0)["ok"]
        assert probe.get(f"{server.url}/readyz", timeout=5).status_code == 200
    finally:
        for one in crowd:
            one.close()
    late = None
    deadline = time.monotonic() + 15
    while late is None and time.monotonic() < deadline:
        try:
            late = WebSocketPeer(server.url).connect()
        except OSError:
            time.sleep(0.2)
    assert late and late.join(document)["content"]["body"] == "meanwhile before "
    assert server.stop() == 0, server.tail()


def socket_to(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=5)


@pytest.mark.parametrize("hours", [5, -5, 24 * 400], ids=["five hours on", "five hours back", "a year on"])
def test_a_clock_that_jumps_changes_nothing_but_the_times(faulty_server, disk, document, hours):  # noqa: F811
    server = faulty_server
    ada, grace = WebSocketPeer(server.url).connect(), WebSocketPeer(server.url).connect()
    assert ada.join(document)["ok"] and grace.join(document)["ok"]
    key = {"Idempotency-Key": "clock"}
    path = f"{server.url}/v1/docs/{document}"
    for number in range(12):
        disk.clock_offset = hours * 3600 * (number % 3 != 0)
        assert ada.edit(document, splice(0, f"{number};"))["rev"] == 2 * number + 1
        assert grace.wait_for("edit")[1]["rev"] == 2 * number + 1
        grace.revision = 2 * number + 1
        assert grace.edit(document, splice(0, f"({number})"))["rev"] == 2 * number + 2
        ada.revision = 2 * number + 2
        assert requests.post(f"{path}/versions", json={"name": f"v{number}"}, timeout=5).status_code == 201
    assert disk.clocks > 0, "the clock was not asked"
    versions = requests.get(f"{path}/versions", timeout=5).json()["versions"]
    assert [each["name"] for each in versions] == [f"v{number}" for number in reversed(range(12))]
    assert [each["rev"] for each in versions] == [2 * number + 2 for number in reversed(range(12))]
    # Done once, though it is repeated when the clock has jumped: back and forth, within the day that answers are kept.
    disk.clock_offset = 0
    first = requests.post(f"{path}/versions", json={"name": "once"}, headers=key, timeout=5)
    disk.clock_offset = hours * 3600
    if abs(hours) < 24:
        again = requests.post(f"{path}/versions", json={"name": "once"}, headers=key, timeout=5)
        assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert requests.get(f"{server.url}/readyz", timeout=5).status_code == 200
    expected = server.text(document)
    server.kill()
    server.start()
    assert server.text(document) == expected == "".join(f"({n}){n};" for n in reversed(range(12)))
    late = WebSocketPeer(server.url).connect()
    assert late.join(document)["rev"] == 24 and late.edit(document, splice(0, "on"))["rev"] == 25


def test_a_clock_that_jumps_ends_tokens_that_are_over_and_no_others(tmp_path, shim):  # noqa: F811
    disk = Disk(tmp_path, shim)
    server = Server(tmp_path, "--jwt-secret", SECRET, environment=disk.environment).start()
    now = time.time()
    short, long = make(sub="ada", exp=now + 3600, docs={"*": "write"}), make(sub="bob", exp=now + 360_000, docs={"*": "write"})
    bob = WebSocketPeer(server.url).connect({"token": long})
    assert bob.join("doc")["ok"] and bob.edit("doc", splice(0, "1"))["ok"]
    disk.clock_offset = 7200
    assert requests.get(f"{server.url}/v1/docs/doc", headers={"Authorization": f"Bearer {short}"}, timeout=5).status_code == 401
    assert bob.edit("doc", splice(0, "2"))["ok"]
    disk.clock_offset = 0
    assert requests.get(f"{server.url}/v1/docs/doc", headers={"Authorization": f"Bearer {short}"}, timeout=5).status_code == 200
    assert bob.edit("doc", splice(0, "3"))["ok"]
    assert server.stop() == 0
