"""Bytes that flip, pages that tear and files that are cut, in every table, the headers, the log and its index.

A document comes back as it was, or is refused as DAMAGED; it is never empty, never another, and never unknown. Others go on.
"""

import sqlite3
import struct
import zlib

import pytest
import requests

from faults import changes
from faults.clients import seeded
from faults.ledger import marks
from quire import Server
from wire import WebSocketPeer, splice

TABLES = [
    "documents", "changes", "snapshots", "roles", "versions", "replies", "quarantine", "deleted", "revocations",
    "webhook_events", "webhook_deliveries", "webhook_announced",
]
DOCUMENTS = [f"damage-{name}" for name in "abcdef"]
SMALL = ("--snapshot-revisions", "10", "--retained-revisions", "5", "--idle-seconds", "0")
# Nobody listens there.
AWAY = "http://127.0.0.1:9/away"
TOLD = (*SMALL, "--webhook", AWAY, "--webhook-secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "--webhook-retry", "3600")
DAMAGED = r"(?s)the server ended at once \(1\).*DAMAGED"


def checksum(*fields: str | int | bytes) -> int:
    """As `Checksum.swift` makes it."""
    data = b""
    for field in fields:
        raw = field.encode() if isinstance(field, str) else struct.pack("<q", field) if isinstance(field, int) else field
        data += (b"" if isinstance(field, int) else struct.pack("<q", len(raw))) + raw
    return zlib.crc32(data)


def once(server, document):
    return requests.post(
        f"{server.url}/v1/docs/{document}/versions", json={"name": "kept"}, headers={"Idempotency-Key": "once"}, timeout=10,
    )


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A folder with a database that has rows in all tables; and what the documents are."""
    folder = tmp_path_factory.mktemp("original")
    server = Server(folder, *SMALL).start()
    peer = WebSocketPeer(server.url).connect()
    for document in DOCUMENTS:
        assert peer.join(document)["ok"]
        for step in range(24):
            mark = f"<{document}.{step}.{'x' * 60}>"
            assert peer.edit(document, splice(0, mark), {"map": "shapes", "key": f"k{step}", "set": "v" * 30})["ok"]
        assert once(server, document).status_code == 201
    expected = {document: requests.get(f"{server.url}/v1/docs/{document}", timeout=10).json() for document in DOCUMENTS}
    peer.close()
    assert server.stop() == 0, server.tail()
    path = folder / "quire.sqlite"
    with sqlite3.connect(path, isolation_level=None) as database:
        # Guests manage no roles, and nothing has gone bad yet.
        for document in DOCUMENTS:
            row = (document, "ada", 2, "root", 5)
            database.execute("INSERT INTO roles VALUES (?, ?, ?, ?, ?, ?)", [*row, checksum(*row)])
        database.execute("INSERT INTO quarantine VALUES ('damage-f', 'snapshot', 9999, 'played', 1)")
        database.execute("INSERT OR IGNORE INTO deleted VALUES ('damage-gone', 'epoch', 1, ?)", [checksum("damage-gone", "epoch", 1)])
        for number in range(20):
            name = f"revoked-{number}"
            row = (0, name, 5, -1, "root", 5)
            database.execute("INSERT INTO revocations VALUES (NULL, 0, ?, 5, NULL, 'root', 5, ?)", [name, checksum(*row)])
            event = ("document.deleted", "damage-gone", "epoch", number, "", 5)
            database.execute("INSERT INTO webhook_events VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", [*event, checksum(*event)])
            told = (AWAY, f"evt_{number}", "document.created", "damage-gone", "", b"{}", 5, 1, 9 << 50)
            database.execute(
                "INSERT INTO webhook_deliveries VALUES (NULL, ?, ?, ?, ?, ?, 5, 1, ?, NULL, ?)",
                [*told[:4], told[5], told[8], checksum(*told)],
            )
            announced = (f"damage-{number}", "epoch", number)
            database.execute("INSERT INTO webhook_announced VALUES (?, ?, ?, ?)", [*announced, checksum(*announced)])
        pages = {table: [row[0] for row in database.execute("SELECT pageno FROM dbstat WHERE name = ?", [table])] for table in TABLES}
        size = database.execute("PRAGMA page_size").fetchone()[0]
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    assert all(pages.values()), pages
    return path, expected, pages, size


def broken(tmp_path, path, spoil, arguments=SMALL) -> Server:
    """A server, not started, on a copy of which `spoil` changes the bytes."""
    data = bytearray(path.read_bytes())
    spoil(data)
    (tmp_path / "quire.sqlite").write_bytes(data)
    return Server(tmp_path, *arguments)


def examine(server, expected) -> int:
    """Starts it and holds each document against what it was; how many were refused."""
    try:
        server.start()
    except RuntimeError as error:
        # Where the damage is in what SQLite needs to open the file at all.
        assert "ended at once (1)" in str(error) and ("DAMAGED" in str(error) or "IO_FAILURE" in str(error)), error
        return len(expected)
    refused = 0
    for document, view in expected.items():
        answer = requests.get(f"{server.url}/v1/docs/{document}", timeout=10)
        if answer.status_code == 200:
            assert answer.json() == view, document
            continue
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["retryable"]) == (500, "DAMAGED", False), (document, problem)
        refused += 1
        peer = WebSocketPeer(server.url).connect()
        joined = peer.join(document)
        assert not joined["ok"] and joined["error"]["code"] == "DAMAGED", joined
        peer.close()
    assert server.is_running() and requests.get(f"{server.url}/readyz", timeout=5).status_code == 200
    # It goes on: with those that are well.
    peer = WebSocketPeer(server.url).connect()
    for document in DOCUMENTS:
        if requests.get(f"{server.url}/v1/docs/{document}", timeout=10).status_code == 200:
            joined = peer.join(document)
            if joined["ok"]:
                answer = peer.edit(document, splice(0, "on "))
                assert answer["ok"] or answer["error"]["code"] == "STORE_FAILED", answer
    peer.close()
    assert server.is_running(), server.tail()
    return refused


def documents_come_and_go(server):
    """New ones are made, edited, kept as versions and deleted, which is told, or would be."""
    server.start()
    for name in ("new-1", "new-2"):
        url = f"{server.url}/v1/docs/{name}"
        assert requests.post(f"{server.url}/v1/docs", json={"id": name}, timeout=10).status_code == 201
        assert requests.patch(url, json={"ops": [splice(0, "x")]}, timeout=10).status_code == 200
        assert requests.post(f"{url}/versions", json={"name": "kept"}, timeout=10).status_code == 201
    peer = WebSocketPeer(server.url).connect()
    assert peer.join("new-3")["ok"] and peer.edit("new-3", splice(0, "y"))["ok"]
    peer.close()
    with sqlite3.connect(server.folder / "quire.sqlite") as database:
        pending = database.execute("SELECT count(*) FROM webhook_deliveries WHERE document LIKE 'new-%'").fetchone()[0]
        pending += database.execute("SELECT count(*) FROM webhook_events WHERE document LIKE 'new-%'").fetchone()[0]
    database.close()
    assert pending >= 3
    server.kill()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("kind", ["flipped bytes", "a torn page", "a page of zeros"])
def test_damage_in_a_table_is_an_error_of_its_documents(original, tmp_path, table, kind):
    path, expected, pages, size = original
    _, chance = seeded()
    refused, rounds = 0, 3 if kind == "flipped bytes" else 1
    for number in range(rounds):
        folder = tmp_path / str(number)
        folder.mkdir()
        page = chance.choice(pages[table])

        def spoil(data):
            begin = (page - 1) * size
            if kind == "flipped bytes":
                used = [at for at in range(begin, begin + size) if data[at]]
                for at in chance.sample(used, min(3, len(used))):
                    data[at] ^= 1 << chance.randrange(8)
            elif kind == "a torn page":
                # The later sectors are of another time: those of the page before it.
                data[begin + 512:begin + size] = data[begin - size + 512:begin] if page > 2 else bytes(size - 512)
            else:
                data[begin:begin + size] = bytes(size)

        server = broken(folder, path, spoil, TOLD if table.startswith("webhook") else SMALL)
        refused += examine(server, expected)
        server.kill()
        if table.startswith("webhook"):
            assert refused == 0, "what nobody is told is no reason not to work"
            folder = folder / "webhooks"
            folder.mkdir()
            documents_come_and_go(broken(folder, path, spoil, TOLD))
    print(f"{kind} in {table}: {refused} of {rounds * len(expected)} documents refused")
    if table not in ("documents", "changes", "snapshots") and kind != "flipped bytes":
        return
    if kind == "a page of zeros" and table in ("documents", "changes"):
        assert refused > 0, "the damage went unnoticed"


def test_damage_is_noted_in_the_quarantine_and_the_rows_stay(original, tmp_path):
    path, expected, _, _ = original
    server = broken(tmp_path, path, lambda data: None)
    with sqlite3.connect(tmp_path / "quire.sqlite") as database:
        # All of them, and the log does not reach back behind the older.
        database.execute("UPDATE snapshots SET bytes = zeroblob(length(bytes)) WHERE document = 'damage-c'")
    database.close()
    refused = examine(server, expected)
    assert refused == 1, server.tail()
    server.kill()
    with sqlite3.connect(tmp_path / "quire.sqlite") as database:
        rows = database.execute("SELECT document, item, reason FROM quarantine WHERE document = 'damage-c'").fetchall()
        assert rows, "nothing was noted"
        assert {item for _, item, _ in rows} == {"snapshot", "change"}
        assert database.execute("SELECT count(*) FROM changes WHERE document = 'damage-c'").fetchone()[0] > 0
    assert "damaged row" in server.tail()


def test_a_damaged_answer_is_not_given_and_the_request_not_repeated(original, tmp_path):
    path, expected, _, _ = original
    with sqlite3.connect(path) as database:
        (body,) = database.execute("SELECT body FROM replies LIMIT 1").fetchone()
    at_least = bytes(body)

    def spoil(data):
        at = data.find(at_least)
        data[at + 3] ^= 1

    server = broken(tmp_path, path, spoil)
    server.start()
    answers = [once(server, document) for document in DOCUMENTS]
    codes = [answer.status_code for answer in answers]
    assert sorted(codes) == [201] * (len(DOCUMENTS) - 1) + [500], codes
    (bad,) = [answer for answer in answers if answer.status_code == 500]
    assert bad.json()["code"] == "DAMAGED"
    for document in DOCUMENTS:
        listed = requests.get(f"{server.url}/v1/docs/{document}/versions", timeout=10).json()["versions"]
        assert [each["name"] for each in listed].count("kept") == 1
    server.stop()


@pytest.mark.parametrize("name, spoil", {
    "the header's magic": lambda data: data.__setitem__(3, data[3] ^ 4),
    "the header's page size": lambda data: data.__setitem__(16, data[16] ^ 0x31),
    "the schema": lambda data: data.__setitem__(slice(100, 400), bytes(300)),
    "half of the file": lambda data: data.__delitem__(slice(len(data) // 2, None)),
    "all but the first page": lambda data: data.__delitem__(slice(4096, None)),
}.items(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_file_that_is_no_database_any_more_is_refused_at_the_start(original, tmp_path, name, spoil):
    path, _, _, _ = original
    server = broken(tmp_path, path, spoil)
    before = (tmp_path / "quire.sqlite").read_bytes()
    with pytest.raises(RuntimeError, match=DAMAGED):
        server.start()
    assert (tmp_path / "quire.sqlite").read_bytes() == before, "what is left must stay as it is"


# The write-ahead log.

@pytest.fixture
def killed(tmp_path):
    """A server that was killed with a log full of commits, its full client that remembers all of them."""
    server = Server(tmp_path).start()
    peer = WebSocketPeer(server.url).connect()
    assert peer.ask("join", {"doc": "log", "format": "changes"})["ok"]
    sent = [changes.change(77, number, changes.insert_text("body", f"<{number}>")) for number in range(40)]
    for each in sent:
        assert peer.ask("change", "log", each)["ok"]
    server.kill()
    wal = tmp_path / "quire.sqlite-wal"
    assert wal.stat().st_size > 100_000
    return server, wal, sent


WHOLE = {str(number) for number in range(40)}


def heal(server, sent):
    """What a client does that holds newer state: it sends whatever the server's version lacks."""
    peer = WebSocketPeer(server.url).connect()
    joined = peer.ask("join", {"doc": "log", "format": "changes"})
    assert joined["ok"]
    known = joined["version"][-1] if joined["version"] != b"\xd0\x00" else 0
    assert known < 40, "nothing was lost"
    assert peer.ask("change", "log", changes.change_set(sent[known:]))["ok"]
    peer.close()
    found = marks(requests.get(f"{server.url}/v1/docs/log", timeout=10).json()["content"])
    assert sorted(found) == sorted(WHOLE)


@pytest.mark.parametrize("where", ["its header", "its first frame", "its middle", "its last but two commits"])
def test_a_log_with_decayed_bytes_is_refused_and_clients_heal_what_went_with_it(killed, where):
    server, wal, sent = killed
    data = bytearray(wal.read_bytes())
    frame = 24 + 4096
    frames = (len(data) - 32) // frame
    at = {
        "its header": 18, "its first frame": 32 + 24 + 100, "its middle": 32 + frame * (frames // 2) + 24 + 5,
        "its last but two commits": 32 + frame * (frames - 12) + 24 + 2000,
    }[where]
    data[at] ^= 0x10
    wal.write_bytes(data)
    with pytest.raises(RuntimeError, match=DAMAGED + ".*quire.sqlite-wal is damaged"):
        server.start()
    assert wal.read_bytes() == data, "what is left must stay as it is"
    wal.rename(wal.with_name("aside"))
    server.start()
    assert "older than what was acknowledged" in server.tail()
    heal(server, sent)
    server.stop()


@pytest.mark.parametrize("how", ["cut in the middle", "cut at a frame", "deleted", "its last commit decayed"])
def test_a_log_that_lost_its_end_is_told_and_clients_heal_it(killed, how):
    """SQLite cannot know: what is left is sound. The count beside the database can."""
    server, wal, sent = killed
    data = bytearray(wal.read_bytes())
    frame = 24 + 4096
    frames = (len(data) - 32) // frame
    if how == "cut in the middle":
        wal.write_bytes(data[:len(data) // 2])
    elif how == "cut at a frame":
        wal.write_bytes(data[:32 + frame * (frames - 9)])
    elif how == "deleted":
        wal.unlink()
    else:
        data[32 + frame * (frames - 1) + 24 + 50] ^= 1
        wal.write_bytes(data)
    server.start()
    assert "older than what was acknowledged" in server.tail()
    # Not a word of it where nothing is missing.
    heal(server, sent)
    server.kill()
    server.log.unlink()
    server.start()
    assert "older than what was acknowledged" not in server.tail()
    server.stop()


def test_the_logs_index_is_made_anew(killed):
    server, wal, _ = killed
    index = wal.with_name("quire.sqlite-shm")
    data = bytearray(index.read_bytes())
    for at in range(0, len(data), 7):
        data[at] ^= 0xFF
    index.write_bytes(data)
    server.start()
    found = marks(requests.get(f"{server.url}/v1/docs/log", timeout=10).json()["content"])
    assert sorted(found) == sorted(WHOLE)
    server.stop()
