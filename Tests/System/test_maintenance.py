"""`quire backup`, `check`, `export` and `import`, on files that servers write, wrote, or never saw."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import threading

import pytest
import requests

import tokens
from quire import Server, binary
from wire import WebSocketPeer, splice


def quire(*arguments, stdin=None) -> subprocess.CompletedProcess:
    return subprocess.run([binary(), *map(str, arguments)], capture_output=True, timeout=60, input=stdin)


def done(*arguments) -> str:
    """What a command that must succeed prints."""
    ended = quire(*arguments)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout.decode()


def refused(*arguments, status=1) -> str:
    """What a command that must fail complains of."""
    ended = quire(*arguments)
    assert ended.returncode == status, (ended.returncode, ended.stdout, ended.stderr)
    return ended.stderr.decode()


def database(server) -> str:
    return str(server.folder / "quire.sqlite")


@pytest.fixture
def filled(tmp_path):
    """A server with a text, a board, versions and roles, and what they hold."""
    server = Server(tmp_path, "--jwt-secret", tokens.SECRET).start()
    token = tokens.make(tokens.claims_of(sub="ada", docs={"*": "admin"}))
    headers = {"Authorization": f"Bearer {token}"}
    peer = WebSocketPeer(server.url).connect({"token": token})
    peer.join("text")
    for word in ("one ", "two ", "three \U0001F642 "):
        assert peer.edit("text", splice(0, word))["ok"]
    peer.join("board")
    shape = {"x": 1.5, "label": {"$text": "hi"}, "raw": {"$bytes": "AAEC"}, "none": None, "deep": [[], {"a": True}]}
    assert peer.edit("board", {"map": "shapes", "key": "s1", "set": shape},
                     {"list": "cards", "at": 0, "delete": 0, "insert": ["a", 2, {"$map": {"$x": 1}}]}, rev=0)["ok"]
    peer.join("empty")
    url = f"{server.url}/v1/docs/text"
    assert requests.post(f"{url}/versions", json={"name": "first"}, headers=headers, timeout=5).ok
    assert requests.put(f"{url}/roles/bob", json={"role": "read"}, headers=headers, timeout=5).ok
    key = {"Idempotency-Key": "k-1"}
    assert requests.patch(url, json={"ops": [splice(0, "four ")]}, headers=headers | key, timeout=5).ok
    peer.close()
    yield server
    server.stop()


# --- backup


def test_a_backup_under_load_has_what_was_acknowledged_before_it(own_server, tmp_path):
    acknowledged, stop = [], threading.Event()

    def write():
        peer = WebSocketPeer(own_server.url).connect()
        peer.join("busy")
        while not stop.is_set():
            mark = f"<{len(acknowledged)}>"
            assert peer.edit("busy", splice(0, mark))["ok"]
            acknowledged.append(mark)
        peer.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            before = len(acknowledged)
            target = tmp_path / f"backup-{number}.sqlite"
            assert str(target.stat().st_size if target.exists() else "") in done("backup", "--database", database(own_server), target)
            assert target.stat().st_mode & 0o077 == 0, "others may read it"
            assert not [name for name in os.listdir(tmp_path) if name.startswith(f"{target.name}.") or name.startswith(f"{target.name}-")]
            text = done("export", "--database", target, "--format", "text", "busy") if before else ""
            missing = [mark for mark in acknowledged[:before] if mark not in text]
            assert not missing
    finally:
        stop.set()
        writer.join(20)
    assert len(acknowledged) > 20


def test_a_restored_backup_serves_and_open_clients_bring_the_rest(filled, tmp_path):
    target = tmp_path / "backup.sqlite"
    done("backup", "--database", database(filled), target)
    token = tokens.make(tokens.claims_of(sub="ada", docs={"*": "admin"}))
    peer = WebSocketPeer(filled.url).connect({"token": token})
    peer.join("text")
    peer.edit("text", splice(0, "after the backup "))
    peer.close()
    assert filled.stop() == 0
    shutil.copy(target, database(filled))
    for ending in ("-wal", "-shm"):
        (tmp_path / f"quire.sqlite{ending}").unlink(missing_ok=True)
    filled.start()
    text = filled.text("text", token)
    assert text == "four three \U0001F642 two one "
    assert "older than what was acknowledged" in filled.log.read_text()


def test_a_backup_replaces_nothing_unless_told(filled, tmp_path):
    target = tmp_path / "backup.sqlite"
    target.write_text("precious")
    assert "is there already" in refused("backup", "--database", database(filled), target)
    assert target.read_text() == "precious"
    told = json.loads(done("backup", "--replace", "--json", "--database", database(filled), target))
    assert told["file"] == str(target) and told["bytes"] == target.stat().st_size and told["checked"]["documents"] > 0, told
    told = json.loads(done("backup", "--replace", "--json", "--unchecked", "--database", database(filled), target))
    assert told["checked"] is None
    assert "everything is as it was written" in done("check", "--database", target)
    assert "cannot be" in refused("backup", "--database", database(filled), tmp_path / "none" / "backup")
    (tmp_path / "link").symlink_to(database(filled))
    for itself in (database(filled), f"{database(filled)}-wal", tmp_path / "link"):
        assert "is the database itself" in refused("backup", "--replace", "--database", database(filled), itself)
    several = [subprocess.Popen([binary(), "backup", "--replace", "--database", database(filled), str(target)]) for _ in range(4)]
    assert [each.wait(30) for each in several] == [0, 0, 0, 0]
    assert "everything is as it was written" in done("check", "--database", target)
    assert filled.is_running()
    assert "cannot be read" in refused("backup", "--database", tmp_path / "none", tmp_path / "b2")


# --- check


def test_a_sound_database_is_sound_open_or_closed(filled):
    for _ in range(2):
        report = json.loads(done("check", "--json", "--database", database(filled)))
        assert report["findings"] == []
        assert (report["documents"], report["versions"], report["roles"], report["replies"]) == (3, 1, 1, 1)
        assert report["changes"] >= 5
        if filled.is_running():
            assert filled.stop() == 0


DAMAGE = {
    "documents": ("UPDATE documents SET created = created + 1 WHERE name = 'text'", "document", "text"),
    "changes": ("UPDATE changes SET bytes = zeroblob(length(bytes)) WHERE document = 'text' AND revision = 2",
                "change", "text"),
    "a gap": ("DELETE FROM changes WHERE document = 'text' AND revision = 3", "change", "text"),
    "the end": ("DELETE FROM changes WHERE document = 'text' AND revision = 4", "change", "text"),
    "no document": ("PRAGMA foreign_keys = OFF; DELETE FROM documents WHERE name = 'board'", "document", "board"),
    "roles": ("UPDATE roles SET role = 3 WHERE document = 'text'", "role", "text"),
    "versions": ("UPDATE versions SET name = x'41' WHERE document = 'text'", "version", "text"),
    "webhooks": (
        "INSERT INTO webhook_deliveries (receiver, event, type, document, body, time, attempts, due, checksum) "
        "VALUES ('http://x', 'evt_1', 'document.created', 'text', x'7b7d', 1, 0, 1, 99)",
        "webhook", None,
    ),
    "replies": ("UPDATE replies SET status = 299", "reply", None),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_found_and_named(filled, tmp_path, what):
    sql, item, name = DAMAGE[what]
    assert filled.stop() == 0
    with sqlite3.connect(database(filled)) as connection:
        connection.executescript(sql)
    connection.close()
    ended = quire("check", "--json", "--database", database(filled))
    assert ended.returncode == 1, ended.stderr
    findings = json.loads(ended.stdout)["findings"]
    assert (item, name) in {(found["item"], found["document"]) for found in findings}, findings
    assert {found["document"] for found in findings} <= {name, None}, "others are not concerned"
    assert "damaged" in refused("backup", "--database", database(filled), tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    done("backup", "--unchecked", "--database", database(filled), tmp_path / "backup")


def test_a_page_of_noise_is_found(filled):
    assert filled.stop() == 0
    data = bytearray(open(database(filled), "rb").read())
    half = len(data) // 2 // 4096 * 4096
    data[half:half + 4096] = random.Random(7).randbytes(4096)
    open(database(filled), "wb").write(data)
    assert quire("check", "--database", database(filled)).returncode in (1, 2)


def test_what_is_no_database_of_this_version_is_said_to_be_none(filled, tmp_path):
    assert filled.stop() == 0
    assert "cannot be read" in refused("check", "--database", tmp_path / "none", status=2)
    (tmp_path / "noise").write_bytes(b"x" * 10_000)
    assert "quire: " in refused("check", "--database", tmp_path / "noise", status=2)
    with sqlite3.connect(tmp_path / "other") as connection:
        connection.execute("CREATE TABLE notes (text)")
    assert "no database of Quire" in refused("check", "--database", tmp_path / "other", status=2)
    for sql, message in (
        ("INSERT INTO grdb_migrations VALUES ('999 later')", "later version"),
        ("DELETE FROM grdb_migrations WHERE identifier NOT LIKE '1 %'", "earlier version"),
    ):
        copy = tmp_path / "copy.sqlite"
        shutil.copy(database(filled), copy)
        with sqlite3.connect(copy) as connection:
            connection.execute(sql)
        connection.close()
        for command in (["check"], ["export", "text"]):
            ended = quire(*command, "--database", copy)
            assert ended.returncode != 0 and message in ended.stderr.decode()


# --- export and import


@pytest.mark.parametrize("form", ["json", "snapshot"])
def test_everything_comes_back(filled, tmp_path, form):
    folder, other = tmp_path / "out", tmp_path / "other.sqlite"
    done("export", "--all", "--format", form, "--to", folder, "--database", database(filled))
    assert sorted(path.stem for path in folder.iterdir()) == ["board", "empty", "text"]
    done("import", "--database", other, *folder.iterdir())
    assert "everything is as it was written" in done("check", "--database", other)
    for name in ("board", "empty", "text"):
        old, new = (json.loads(done("export", "--database", path, name)) for path in (database(filled), other))
        assert old["content"] == new["content"] and old["doc"] == new["doc"]


def test_replicas_go_on_with_an_imported_snapshot(filled, tmp_path):
    """A client that was offline while its document moved to another server sends what it has."""
    epoch = json.loads(done("export", "--database", database(filled), "text"))["epoch"]
    done("export", "--format", "snapshot", "--to", tmp_path, "--database", database(filled), "text")
    token = tokens.make(tokens.claims_of(sub="ada", docs={"*": "admin"}))
    peer = WebSocketPeer(filled.url).connect({"token": token})
    peer.join("text")
    peer.edit("text", splice(0, "later "))
    sync = peer.ask("join", {"doc": "text", "format": "changes", "version": b"", "epoch": epoch})
    peer.close()
    folder = tmp_path / "moved"
    folder.mkdir()
    done("import", "--database", folder / "quire.sqlite", "--epoch", epoch, tmp_path / "text.quire")
    moved = Server(folder, "--jwt-secret", tokens.SECRET).start()
    try:
        peer = WebSocketPeer(moved.url).connect({"token": token})
        joined = peer.ask("join", {"doc": "text", "format": "changes", "epoch": epoch})
        assert joined["ok"] and joined["epoch"] == epoch
        if changes := sync.get("changes"):
            assert peer.ask("change", "text", changes)["ok"]
            assert moved.text("text", token).startswith("later ")
        peer.close()
    finally:
        moved.stop()


def test_texts_come_and_go(tmp_path):
    path, file = tmp_path / "new.sqlite", tmp_path / "notes.txt"
    file.write_text("Grüße \U0001F642\r\n\x00end", newline="")
    assert done("import", "--database", path, file).strip() == "notes"
    assert quire("export", "--format", "text", "--database", path, "notes").stdout == file.read_bytes()
    assert "is there already" in refused("import", "--database", path, file)
    file.write_text("Grüße, Ada")
    done("import", "--replace", "--database", path, file)
    done("import", "--replace", "--root", "title", "--database", path, file)
    content = json.loads(done("export", "--database", path, "notes"))
    assert content["content"] == {"body": "Grüße, Ada", "title": "Grüße, Ada"} and content["rev"] == 3
    assert "no text" in refused("export", "--format", "text", "--root", "none", "--database", path, "notes")
    assert "everything is as it was written" in done("check", "--database", path)


def test_a_server_keeps_others_from_importing(own_server, tmp_path):
    (tmp_path / "a.txt").write_text("a")
    assert "another process" in refused("import", "--database", database(own_server), tmp_path / "a.txt")


def test_hostile_files_are_refused_and_leave_nothing(tmp_path):
    path = tmp_path / "new.sqlite"
    seed = int(os.environ.get("QUIRE_SEED", random.randrange(1 << 30)))
    print(f"QUIRE_SEED={seed}")
    chance = random.Random(seed)
    (tmp_path / "good.txt").write_text("good " * 50)
    done("import", "--database", path, tmp_path / "good.txt")
    done("export", "--format", "snapshot", "--to", tmp_path, "--database", path, "good")
    snapshot = (tmp_path / "good.quire").read_bytes()
    bad = [("x.txt", b"\xff\xfe"), ("x.json", b"[1]"), ("x.json", b"{"), ("x.json", b'{"content": {"a": 1}}'),
           ("x.json", b'{"a": ' + b"[" * 5000), ("x.json", b'{"": "x"}'), ("x.json", b'{"m": {"k": {"$what": 1}}}'),
           ("x.quire", b""), ("x.quire", b"x" * 100), ("x.quire", snapshot[:-1])]
    for _ in range(15):
        spoilt = bytearray(snapshot)
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
        bad.append(("x.quire", bytes(spoilt)))
    for name, data in bad:
        (tmp_path / name).write_bytes(data)
        complaint = refused("import", "--database", path, tmp_path / name)
        assert complaint.startswith("quire: ") and len(complaint) < 500, (name, data[:50])
    assert json.loads(done("check", "--json", "--database", path))["documents"] == 1
    for names in (["a b.txt"], ["ä.txt"], ["a.pdf"], ["a.txt", "--epoch", ""]):
        assert quire("import", "--database", path, *names).returncode == 64


def test_random_documents_survive_the_round_trip(own_server, tmp_path):
    seed = int(os.environ.get("QUIRE_SEED", random.randrange(1 << 30)))
    print(f"QUIRE_SEED={seed}")
    chance = random.Random(seed)

    def value(depth=0):
        kind = chance.randrange(8 if depth < 4 else 5)
        if kind >= 6:
            return {"".join(chance.choices("ab$é\U0001F642", k=chance.randrange(1, 4))) + "k": value(depth + 1)
                    for _ in range(chance.randrange(4))}
        if kind == 5:
            return [value(depth + 1) for _ in range(chance.randrange(4))]
        return [None, chance.random() < 0.5, chance.choice([0, -1, 1.5, 1e300, 2**53 - 1]),
                chance.choice(["", "a\u0000", "\U0001F642"]), {"$bytes": "AA=="}][kind]

    peer = WebSocketPeer(own_server.url).connect()
    for number in range(20):
        peer.join(f"d{number}")
        for _ in range(chance.randrange(1, 6)):
            op = chance.choice([
                splice(0, "x\U0001F642\n"), {"list": "l", "at": 0, "delete": 0, "insert": [value()]},
                {"map": "m", "key": chance.choice("abc"), "set": value()},
            ])
            answer = peer.edit(f"d{number}", op)
            assert answer["ok"] or answer["error"]["code"] == "INVALID_ARGUMENT", answer
    peer.close()
    for form in ("json", "snapshot"):
        folder, other = tmp_path / form, tmp_path / f"{form}.sqlite"
        done("export", "--all", "--format", form, "--to", folder, "--database", database(own_server))
        done("import", "--database", other, *folder.iterdir())
        again = tmp_path / f"{form}-again"
        done("export", "--all", "--to", again, "--database", other)
        done("export", "--all", "--to", tmp_path / "direct", "--database", database(own_server))
        for path in again.iterdir():
            old, new = json.loads((tmp_path / "direct" / path.name).read_text()), json.loads(path.read_text())
            assert old["content"] == new["content"], path.name
    assert "everything is as it was written" in done("check", "--database", database(own_server))
