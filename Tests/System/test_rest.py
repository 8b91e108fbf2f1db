"""Documents over HTTP: made, edited, read and deleted, and seen at once in open editors."""

import concurrent.futures

import pytest
import requests

import tokens
from api import User, code_of
from quire import Server
from wire import WebSocketPeer, splice

ADMIN = {"docs": {"*": "admin"}}


@pytest.fixture
def ada(closed_server):
    return User(closed_server.url, "ada")


@pytest.fixture
def admin(closed_server):
    return User(closed_server.url, "root", **ADMIN)


@pytest.fixture
def peer(closed_server):
    one = WebSocketPeer(closed_server.url).connect({"token": tokens.make(sub="grace", name="Grace")})
    yield one
    one.close()


def test_a_document_is_made_once_and_belongs_to_its_maker(ada, document):
    made = ada.post("", {"id": document, "ops": [splice(0, "Hello")]})
    assert (made.status_code, made.json()["rev"]) == (201, 1)
    assert made.headers["Location"] == f"/v1/docs/{document}"
    assert made.headers["ETag"] == f'"{made.json()["epoch"]}-1"'
    again = ada.post("", {"id": document})
    assert (again.status_code, code_of(again)) == (409, "ALREADY_EXISTS")
    assert ada.get(f"{document}?format=text").text == "Hello"
    assert ada.get(f"{document}/roles").json()["roles"][0] | {"time": 0} == {
        "user": "ada", "role": "admin", "by": "ada", "time": 0,
    }
    name = ada.post("").json()["doc"]
    assert len(name) == 24 and ada.get(name).json()["content"] == {}
    assert code_of(ada.post("", {"id": "no/slash"})) == "INVALID_DOCUMENT"
    assert code_of(User(ada.url, "rob", docs={"*": "read"}).post("", {"id": f"{document}-2"})) == "FORBIDDEN"


def test_edits_over_http_appear_in_open_editors_and_are_moved_over_theirs(ada, peer, document):
    peer.join(document)
    peer.edit(document, splice(0, "one"))
    first = ada.patch(document, {"rev": 1, "ops": [splice(3, " two")]})
    assert (first.status_code, first.json()["rev"]) == (200, 2)
    assert peer.wait_for("edit") == [
        document, {"rev": 2, "session": "http", "ops": [{"text": "body", "at": 3, "delete": 0, "insert": " two"}]},
    ]
    # Against an old revision; the place is what it was then.
    assert ada.patch(document, {"rev": 1, "ops": [splice(0, "zero ")]}).json()["rev"] == 3
    assert ada.patch(document, {"ops": [splice(0, "now: ")]}).json()["rev"] == 4
    assert ada.get(f"{document}?format=text").text == "now: zero one two"
    assert peer.ask("signal", document, 1)["ok"]


def test_edits_against_what_no_room_remembers(ada, peer, document):
    """Nobody edits by position, so the room keeps no history of positions; the log does."""
    ada.post("", {"id": document, "ops": [splice(0, "base")]})
    for index in range(10):
        ada.patch(document, {"ops": [splice(0, f"{index}")]})
    assert ada.patch(document, {"rev": 1, "ops": [splice(4, "!"), splice(0, "?")]}).json()["rev"] == 12
    text = ada.get(f"{document}?format=text").text
    # As if somebody had been away: the end is the end, and of what many put at the start the order is the engine's.
    assert text.replace("?", "") == "9876543210base!" and text.count("?") == 1 and text.index("?") <= 10
    stale = ada.patch(document, {"rev": 99, "ops": [splice(0, "x")]})
    assert (stale.status_code, code_of(stale), stale.json()["rev"]) == (409, "STALE_REVISION", 12)
    assert stale.json()["content"]["body"].endswith("base!")
    assert ada.patch(document, {"rev": 12, "ops": []}).json()["rev"] == 12


def test_if_match(ada, document):
    tag = ada.post("", {"id": document}).headers["ETag"]
    one = ada.patch(document, {"ops": [splice(0, "a")]}, headers={"If-Match": tag})
    assert one.status_code == 200 and one.headers["ETag"] != tag
    two = ada.patch(document, {"ops": [splice(0, "b")]}, headers={"If-Match": tag})
    assert (two.status_code, code_of(two), two.json()["rev"]) == (412, "PRECONDITION_FAILED", 1)
    assert code_of(ada.patch(document, {"ops": []}, headers={"If-Match": "W/x"})) == "PRECONDITION_FAILED"
    assert ada.patch(document, {"ops": []}, headers={"If-Match": "*"}).status_code == 200
    assert ada.get(document, headers={"If-None-Match": one.headers["ETag"]}).status_code == 304
    assert ada.delete(document, headers={"If-Match": tag}).status_code == 412
    assert ada.delete(document, headers={"If-Match": one.headers["ETag"]}).status_code == 204


def test_of_two_that_match_one_state_one_wins(ada, document):
    tag = ada.post("", {"id": document}).headers["ETag"]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        users = [User(ada.url, "ada") for _ in range(8)]
        codes = list(pool.map(
            lambda user: user.patch(document, {"ops": [splice(0, "x")]}, headers={"If-Match": tag}).status_code, users
        ))
    assert sorted(codes) == [200] + [412] * 7
    assert ada.get(f"{document}?format=text").text == "x"


def test_the_same_request_twice_is_done_once(ada, document):
    key = {"Idempotency-Key": f"make-{document}"}
    first = ada.post("", {"id": document}, headers=key)
    second = ada.post("", {"id": document}, headers=key)
    assert (first.status_code, first.json(), first.headers["Location"]) == (
        second.status_code, second.json(), second.headers["Location"],
    )
    edit = {"ops": [splice(0, "once ")]}
    key = {"Idempotency-Key": f"edit-{document}"}
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        users = [User(ada.url, "ada") for _ in range(6)]
        answers = list(pool.map(lambda user: user.patch(document, edit, headers=key), users))
    for answer in answers:
        assert answer.status_code == 200 or code_of(answer) == "BUSY"
    assert ada.patch(document, edit, headers=key).json()["rev"] == 1
    assert ada.get(f"{document}?format=text").text == "once "
    reused = ada.patch(document, {"ops": [splice(0, "twice")]}, headers=key)
    assert (reused.status_code, code_of(reused)) == (422, "IDEMPOTENCY_KEY_REUSED")
    # Another user's key is another key.
    assert User(ada.url, "bob").patch(document, edit, headers=key).json()["rev"] == 2
    assert code_of(ada.patch(document, edit, headers={"Idempotency-Key": "k" * 256})) == "INVALID_ARGUMENT"


def test_a_retry_after_a_crash_is_found(tmp_path, document):
    """Whether the answer was kept before the crash or only the edit: it is done once."""
    import sqlite3

    server = Server(tmp_path, "--jwt-secret", tokens.SECRET).start()
    try:
        ada = User(server.url, "ada")
        ada.post("", {"id": document})
        edit, key = {"ops": [splice(0, "once")]}, {"Idempotency-Key": "k"}
        rev = ada.patch(document, edit, headers=key).json()["rev"]
        ada.patch(document, {"ops": [splice(0, "more ")]})
        server.kill()
        server.start()
        assert ada.patch(document, edit, headers=key).json()["rev"] == rev
        server.stop()
        with sqlite3.connect(tmp_path / "quire.sqlite") as database:
            database.execute("DELETE FROM replies")
        server.start()
        assert ada.patch(document, edit, headers=key).status_code == 200
        assert server.text(document, ada.token) == "more once"
    finally:
        server.stop()


def test_deleted_is_gone_for_those_inside_and_is_not_brought_back_by_them(admin, ada, peer, document):
    epoch = peer.join(document)["epoch"]
    peer.edit(document, splice(0, "x"))
    assert code_of(ada.delete(document)) == "FORBIDDEN"
    assert admin.delete(document).status_code == 204
    assert peer.wait_for("reset") == [document, {"reason": "DELETED", "epoch": epoch}]
    back = peer.ask("join", {"doc": document, "format": "json", "epoch": epoch})
    assert back["error"]["code"] == "UNKNOWN_DOCUMENT"
    assert code_of(ada.get(document)) == "UNKNOWN_DOCUMENT"
    assert code_of(admin.delete(document)) == "UNKNOWN_DOCUMENT"
    anew = peer.ask("join", {"doc": document, "format": "json"})
    assert anew["ok"] and anew["content"] == {} and anew["epoch"] != epoch


@pytest.mark.parametrize("body, status, code", [
    (b"", 400, "INVALID_ARGUMENT"), (b"[]", 400, "INVALID_ARGUMENT"), (b"{", 400, "INVALID_ARGUMENT"),
    (b'{"ops": 1}', 400, "INVALID_ARGUMENT"), (b'{"ops": [1]}', 400, "INVALID_ARGUMENT"),
    (b'{"ops": [], "rev": -1}', 400, "INVALID_ARGUMENT"), (b'{"ops": [], "x": 1}', 400, "INVALID_ARGUMENT"),
    (b'{"ops": [{"text": "body", "at": 9, "insert": "x"}]}', 422, "INVALID_EDIT"),
    (b'{"ops": [{"text": "a/b", "at": 0, "insert": "x"}]}', 422, "INVALID_EDIT"),
    (b'{"ops": [' + b",".join([b'{"text":"b","at":0,"insert":"x"}'] * 1001) + b"]}", 413, "TOO_LARGE"),
    (b'{"ops": ["' + b"x" * (1 << 20) + b'"]}', 413, "TOO_LARGE"),
    (b'{"ops": [{"text": "body", "at": 0, "insert": "\\ud800"}]}', 400, "INVALID_ARGUMENT"),
], ids=str)
def test_bodies_that_are_refused_change_nothing(ada, document, body, status, code):
    ada.post("", {"id": document})
    answer = ada.ask("PATCH", document, data=body)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert ada.get(document).json()["rev"] == 0


def test_tokens_are_made_for_an_application_by_its_administrator(admin, ada, closed_server):
    url = f"{closed_server.url}/v1/tokens"
    answer = admin.session.post(url, json={"sub": "kim", "name": "Kim", "docs": {"kim-*": "write"}, "ttl": 60})
    assert answer.status_code == 201 and answer.headers["Cache-Control"] == "no-store"
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    made = requests.post(f"{closed_server.url}/v1/docs", json={"id": "kim-1"}, headers=headers, timeout=10)
    assert made.status_code in (201, 409)
    other = requests.post(f"{closed_server.url}/v1/docs", json={"id": "other"}, headers=headers, timeout=10)
    assert code_of(other) == "FORBIDDEN"
    assert code_of(ada.session.post(url, json={"sub": "kim"})) == "FORBIDDEN"
    for body in ({}, {"sub": ""}, {"sub": "k", "ttl": 0}, {"sub": "k", "docs": {"*": "owner"}}, {"sub": "k", "x": 1}):
        assert code_of(admin.session.post(url, json=body)) == "INVALID_ARGUMENT"


def test_guests_edit_where_they_are_welcome(server, document):
    url = f"{server.url}/v1/docs"
    assert requests.post(url, json={"id": document, "ops": [splice(0, "hi")]}, timeout=10).status_code == 201
    assert requests.patch(f"{url}/{document}", json={"ops": [splice(0, "oh ")]}, timeout=10).json()["rev"] == 2
    assert server.text(document) == "oh hi"
    assert code_of(requests.get(f"{url}/{document}/roles", timeout=10)) == "FORBIDDEN"
