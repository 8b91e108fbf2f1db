"""Versions: kept, shown, compared and restored while people write."""

import pytest

import tokens
from api import User, code_of
from quire import Server
from wire import WebSocketPeer, splice


@pytest.fixture
def ada(closed_server):
    return User(closed_server.url, "ada")


@pytest.fixture
def peer(closed_server, document):
    one = WebSocketPeer(closed_server.url).connect({"token": tokens.make(sub="grace", name="Grace")})
    one.join(document)
    yield one
    one.close()


def test_a_named_version_is_listed_shown_compared_and_restored_live(ada, peer, document):
    peer.edit(document, splice(0, "one two three"))
    made = ada.post(f"{document}/versions", {"name": "first"})
    assert made.status_code == 201
    version = made.json()
    assert made.headers["Location"] == f"/v1/docs/{document}/versions/{version['id']}"
    assert (version["name"], version["automatic"], version["rev"]) == ("first", False, 1)
    assert version["by"] == {"id": "ada", "name": "Ada"}
    peer.edit(document, splice(4, "2", delete=3), {"map": "m", "key": "k", "set": {"deep": [1]}})
    listed = ada.get(f"{document}/versions").json()
    assert [each["id"] for each in listed["versions"]] == [version["id"]] and listed["next"] is None
    path = f"{document}/versions/{version['id']}"
    assert ada.get(path).json()["content"] == {"body": "one two three"}
    assert ada.get(f"{path}?format=text").text == "one two three"
    difference = ada.get(f"{path}/diff/current").json()
    assert difference["from"] == 1 and difference["to"] == 2
    assert difference["ops"] == [
        {"text": "body", "at": 4, "delete": 3, "insert": "2"}, {"map": "m", "key": "k", "set": {"deep": [1]}},
    ]
    restored = ada.post(f"{path}/restore")
    assert restored.json() == {"rev": 3}
    document_name, edit = peer.wait_for("edit")
    assert (document_name, edit["rev"], edit["session"]) == (document, 3, "http")
    assert {"text": "body", "at": 4, "delete": 1, "insert": "two"} in edit["ops"]
    shown = ada.get(document).json()
    assert (shown["content"], shown["rev"]) == ({"body": "one two three", "m": {}}, 3)
    # What it was before is kept as well, without a name.
    newest = ada.get(f"{document}/versions").json()["versions"][0]
    assert newest["automatic"] and newest["rev"] == 2
    # Restored again there is nothing to do.
    assert ada.post(f"{path}/restore").json() == {"rev": 3}


def test_people_who_write_during_a_restore_lose_nothing(ada, peer, document):
    peer.edit(document, splice(0, "start."))
    number = ada.post(f"{document}/versions", {"name": "start"}).json()["id"]
    for index in range(20):
        peer.edit(document, splice(0, f"<{index}>"))
        if index == 10:
            assert ada.post(f"{document}/versions/{number}/restore").status_code == 200
            peer.wait_for("edit")
            peer.revision = 13
    text = ada.get(f"{document}?format=text").text
    assert text == "".join(f"<{index}>" for index in range(19, 10, -1)) + "start."


def test_the_document_at_a_revision(ada, peer, document):
    for index in range(5):
        peer.edit(document, splice(index, str(index)))
    for rev in range(6):
        answer = ada.get(f"{document}?format=text&rev={rev}")
        assert (answer.text, answer.headers["Quire-Revision"]) == ("01234"[:rev], str(rev))
    gone = ada.get(f"{document}?rev=6")
    assert (gone.status_code, code_of(gone)) == (410, "NOT_RETAINED")
    assert code_of(ada.get(f"{document}?rev=-1")) == "INVALID_ARGUMENT"


def test_who_wrote_what(closed_server, ada, peer, document):
    peer.edit(document, splice(0, "grace "))
    answer = ada.patch(document, {"rev": 1, "ops": [splice(6, "ada")]})
    assert answer.status_code == 200
    attribution = ada.get(f"{document}/attribution").json()
    assert attribution["rev"] == 2
    assert [(each["at"], each["count"], each["user"], each["rev"]) for each in attribution["segments"]] == [
        (0, 6, "grace", 1), (6, 3, "ada", 2),
    ]
    part = ada.get(f"{document}/attribution?from=4&to=7").json()["segments"]
    assert [(each["at"], each["count"], each["user"]) for each in part] == [(4, 2, "grace"), (6, 1, "ada")]


def test_what_is_refused(ada, peer, document):
    peer.edit(document, splice(0, "x"))
    for body in ({}, {"name": ""}, {"name": 3}, {"name": "n" * 201}, {"name": "n", "more": 1}, []):
        assert code_of(ada.post(f"{document}/versions", body)) == "INVALID_ARGUMENT"
    assert code_of(ada.get(f"{document}/versions/9")) == "NOT_FOUND"
    assert code_of(ada.post(f"{document}/versions/9/restore")) == "NOT_FOUND"
    for number in ("0", "-1", "x", "9" * 30):
        assert code_of(ada.get(f"{document}/versions/{number}")) == "INVALID_ARGUMENT"
    assert code_of(ada.get(f"{document}-x/versions")) == "UNKNOWN_DOCUMENT"
    assert code_of(ada.post(f"{document}-x/versions", {"name": "n"})) == "UNKNOWN_DOCUMENT"
    reader = User(ada.url, "rob", docs={"*": "read"})
    assert code_of(reader.post(f"{document}/versions", {"name": "n"})) == "FORBIDDEN"
    number = ada.post(f"{document}/versions", {"name": "n"}).json()["id"]
    assert code_of(reader.post(f"{document}/versions/{number}/restore")) == "FORBIDDEN"
    assert reader.get(f"{document}/versions/{number}?format=text").text == "x"


def test_a_name_may_be_anything_written(ada, peer, document):
    peer.edit(document, splice(0, "x"))
    for name in ("a\u0000b", "\u0000", "🎉" * 200, "e\u0301\n"):
        made = ada.post(f"{document}/versions", {"name": name}).json()
        assert made["name"] == name
        assert ada.get(f"{document}/versions/{made['id']}").json()["name"] == name


def test_pages_of_versions(ada, peer, document):
    for index in range(5):
        peer.edit(document, splice(0, "x"))
        ada.post(f"{document}/versions", {"name": str(index)})
    names, before = [], None
    while True:
        page = ada.get(f"{document}/versions?limit=2" + (f"&before={before}" if before else "")).json()
        names += [each["name"] for each in page["versions"]]
        before = page["next"]
        if before is None:
            break
    assert names == ["4", "3", "2", "1", "0"]


def test_versions_are_made_by_themselves_and_survive_compaction_and_restarts(tmp_path, document):
    server = Server(
        tmp_path, "--jwt-secret", tokens.SECRET, "--version-quiet-seconds", "1", "--idle-seconds", "1",
    ).start()
    try:
        ada = User(server.url, "ada")
        peer = WebSocketPeer(server.url).connect({"token": tokens.make(sub="grace", name="Grace")})
        peer.join(document)
        peer.edit(document, splice(0, "kept"))
        wait_until(lambda: ada.get(f"{document}/versions").json()["versions"])
        version = ada.get(f"{document}/versions").json()["versions"][0]
        assert (version["automatic"], version["name"], version["rev"]) == (True, None, 1)
        assert version["by"]["id"] == "grace"
        named = ada.post(f"{document}/versions", {"name": "named"}).json()
        for _ in range(2100):
            peer.edit(document, splice(0, "x"))
        wait_until(lambda: ada.get(f"{document}?rev=500").status_code == 410)
        assert ada.get(f"{document}?format=text&rev=1500").text == "x" * 1499 + "kept"
        peer.close()
        server.kill()
        server.start()
        assert ada.get(f"{document}/versions/{named['id']}?format=text").text == "kept"
        assert ada.post(f"{document}/versions/{named['id']}/restore").status_code == 200
        assert server.text(document, ada.token) == "kept"
    finally:
        server.stop()


def wait_until(condition, seconds=10):
    import time

    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
