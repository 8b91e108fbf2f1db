"""A disk that is full, read-only, slow, fails to sync, or writes less than it was told, under a running server.

Each time: nothing is acknowledged that is not stored, the refusal says so and that a retry helps, /readyz says so while /healthz goes
on, other things go on, and when the disk is well again everything is stored without a restart and survives one.
"""

import time

import pytest
import requests

from faults.clients import Crowd, seeded
from faults.disk import BOTH, DATABASE, EACCES, EIO, ENOSPC, EROFS, LOG, disk, faulty_server, shim  # noqa: F401
from faults.ledger import Ledger
from wire import WebSocketPeer, splice

REFUSALS = {
    "a full disk": {"write_errno": ENOSPC, "write_parts": BOTH},
    "a disk with no room to grow": {"write_errno": ENOSPC, "write_parts": BOTH, "write_growth_only": 1},
    "a disk that became read-only": {"write_errno": EROFS, "write_parts": BOTH, "cut_errno": EROFS, "open_errno": EROFS, "sync_errno": EROFS, "sync_parts": BOTH},
    "rights that were taken away": {"write_errno": EACCES, "write_parts": BOTH, "open_errno": EACCES},
    "a disk with errors of writing": {"write_errno": EIO, "write_parts": BOTH},
    "a sync that fails": {"sync_errno": EIO, "sync_parts": BOTH},
    "a sync of the log that fails": {"sync_errno": EIO, "sync_parts": LOG},
}


def until(condition, seconds: float = 20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def is_ready(server) -> bool:
    answer = requests.get(f"{server.url}/readyz", timeout=5)
    if answer.status_code != 200:
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["retryable"]) == (503, "STORE_FAILED", True), problem
    return answer.status_code == 200


def is_alive(server) -> bool:
    return requests.get(f"{server.url}/healthz", timeout=5).status_code == 200


@pytest.mark.parametrize("fault", REFUSALS, ids=list(REFUSALS))
def test_what_a_disk_refuses_is_refused_and_goes_on_when_it_is_well(faulty_server, disk, document, fault):  # noqa: F811
    server = faulty_server
    ada, grace = WebSocketPeer(server.url).connect(), WebSocketPeer(server.url).connect()
    assert ada.join(document)["ok"] and grace.join(document)["ok"]
    assert ada.edit(document, splice(0, "before "))["ok"]
    assert is_ready(server)

    disk.set(**REFUSALS[fault])
    # The log has room of its own for a while, as its file does not shrink; then it must grow.
    refused = None
    for number in range(2000):
        answer = ada.edit(document, splice(0, f"{number};"))
        if not answer["ok"]:
            refused = answer["error"]
            break
    assert refused, f"nothing was refused; {disk.writes_spoilt} writes and {disk.syncs_spoilt} syncs were spoilt"
    acknowledged = number
    assert (refused["code"], refused["retryable"]) == ("STORE_FAILED", True)
    assert disk.writes_spoilt + disk.syncs_spoilt > 0
    assert grace.wait_for("reset")[1]["reason"] == "STORE_FAILED"
    assert not is_ready(server) and is_alive(server)

    # What is stored can still be read, by new participants too; nothing new is taken, and a new document neither.
    again = grace.join(document)
    assert again["ok"] and again["content"]["body"].endswith("before ")
    assert grace.edit(document, splice(0, "refused"))["error"]["code"] == "STORE_FAILED"
    answer = grace.join(f"{document}-new")
    assert (answer["error"]["code"], answer["error"]["retryable"]) == ("STORE_FAILED", True)
    answer = requests.patch(f"{server.url}/v1/docs/{document}", json={"ops": [splice(0, "refused")]}, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (503, "STORE_FAILED")

    disk.well()
    until(lambda: is_ready(server))
    assert ada.join(document)["ok"]
    assert ada.edit(document, splice(0, "after "))["ok"]
    server.kill()
    server.start()
    text = server.text(document)
    assert text.startswith("after ") and text.endswith("before "), text
    assert all(f"{each};" in text for each in range(acknowledged))
    assert len(text) - len("after before ") >= sum(len(f"{each};") for each in range(acknowledged))


@pytest.mark.parametrize("fault", ["a full disk", "a sync that fails", "a disk that became read-only"])
def test_clients_that_parked_changes_send_them_when_the_disk_is_well(faulty_server, disk, fault):  # noqa: F811
    seed, chance = seeded()
    server, ledger = faulty_server, Ledger()
    names = ["parked-a", "parked-b"]
    with Crowd(server.url, 6, lambda: names, ledger, seed) as crowd:
        for _ in range(4):
            time.sleep(chance.uniform(0.2, 0.5))
            disk.set(**REFUSALS[fault])
            until(lambda: not is_ready(server))
            time.sleep(chance.uniform(0.1, 1.2))
            disk.well()
            until(lambda: is_ready(server))
            ledger.compare(server.url, names)
            crowd.check()
        before = sum(map(len, ledger.acknowledged.values()))
        until(lambda: sum(map(len, ledger.acknowledged.values())) > before + 50)
        crowd.stop()
    full = [client for client in crowd.clients if hasattr(client, "logs")]
    server.kill()
    server.start()
    ledger.compare(server.url, names)
    print(f"{fault}: {ledger.summary()}")
    assert ledger.refused["STORE_FAILED"] > 0 and full
    # A full client has at most the batch that was under way when it was told to stop.
    assert all(len(log["waiting"]) <= 3 for client in full for log in client.logs.values())


def test_a_slow_disk_makes_acks_late_and_loses_nothing(faulty_server, disk, document):  # noqa: F811
    server = faulty_server
    ada, grace = WebSocketPeer(server.url).connect(), WebSocketPeer(server.url).connect()
    assert ada.join(document)["ok"] and grace.join(document)["ok"]
    disk.sync_delay = 700_000
    begin = time.monotonic()
    assert ada.edit(document, splice(0, "slow "))["ok"]
    assert time.monotonic() - begin >= 0.7, "it was acknowledged before the disk was done"
    # The others see it and signal to each other meanwhile.
    assert grace.wait_for("edit")[1]["ops"] == [splice(0, "slow ")]
    assert is_ready(server) and is_alive(server)

    disk.sync_delay = 8_000_000
    ada.emit("edit", document, {"rev": 1, "ops": [splice(0, "slower ")]})
    assert grace.wait_for("edit")[1]["rev"] == 2
    until(lambda: not is_ready(server), 8)
    assert "on its way to the disk" in requests.get(f"{server.url}/readyz", timeout=5).json()["message"]
    assert is_alive(server) and grace.ask("signal", document, "still here")["ok"]
    disk.well()
    until(lambda: is_ready(server))
    grace.revision = 2
    assert grace.edit(document, splice(0, "well "))["ok"]
    server.kill()
    server.start()
    assert server.text(document) == "well slower slow "


def test_short_writes_are_gone_on_with(faulty_server, disk, document):  # noqa: F811
    disk.short_every = 2
    server = faulty_server
    ada = WebSocketPeer(server.url).connect()
    assert ada.join(document)["ok"]
    for number in range(100):
        assert ada.edit(document, splice(0, f"{number % 10}"))["ok"]
    assert disk.writes_short > 50
    server.kill()
    server.start()
    assert server.text(document) == "".join(str(number % 10) for number in reversed(range(100)))


def test_a_sync_that_fails_once_is_not_taken_for_done_the_next_time(faulty_server, disk, document):  # noqa: F811
    """The one failure is all that Linux says. Everything must be written anew before anything is acknowledged."""
    server = faulty_server
    ada = WebSocketPeer(server.url).connect()
    assert ada.join(document)["ok"]
    assert ada.edit(document, splice(0, "1"))["ok"]
    disk.set(sync_errno=EIO, sync_parts=LOG)
    assert not ada.edit(document, splice(0, "2"))["ok"]
    writes = disk.writes
    disk.well()
    assert not is_ready(server)
    until(lambda: is_ready(server))
    # What SQLite writes for nothing but a commit is two calls (the head and the page of one frame).
    assert disk.writes > writes + 2, "the log was not written again"
    server.kill()
    server.start()
    assert server.text(document) == "1"


@pytest.mark.parametrize("part", [DATABASE, LOG], ids=["the database", "the log"])
def test_a_server_does_not_start_on_a_disk_that_refuses(faulty_server, disk, document, part):  # noqa: F811
    server = faulty_server
    ada = WebSocketPeer(server.url).connect()
    assert ada.join(document)["ok"] and ada.edit(document, splice(0, "kept"))["ok"]
    server.kill()
    disk.set(write_errno=EROFS, write_parts=BOTH, open_errno=EROFS, sync_errno=EIO, sync_parts=part)
    with pytest.raises(RuntimeError, match=r"(?s)the server ended at once \(1\).*IO_FAILURE"):
        server.start()
    disk.well()
    server.start()
    assert server.text(document) == "kept"
