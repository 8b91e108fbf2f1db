"""Roles that are given and taken while connections are open."""

import pytest

import tokens
from api import User, code_of
from wire import WebSocketPeer, splice

ADMIN = {"docs": {"*": "admin"}}


@pytest.fixture
def admin(closed_server):
    return User(closed_server.url, "root", **ADMIN)


@pytest.fixture
def people(closed_server):
    """Makes connections to `/docs` of users with tokens."""
    peers = []

    def connect(sub, **claims):
        peer = WebSocketPeer(closed_server.url).connect({"token": tokens.make(sub=sub, **claims)})
        peers.append(peer)
        return peer

    yield connect
    for peer in peers:
        peer.close()


def test_a_lowered_writer_is_told_and_refused_and_goes_on_when_raised(admin, people, document):
    ada = people("ada")
    assert ada.join(document)["role"] == "write"
    ada.edit(document, splice(0, "one "))
    answer = admin.put(f"{document}/roles/ada", {"role": "read"})
    assert (answer.status_code, answer.json()["role"], answer.json()["by"]) == (200, "read", "root")
    assert ada.wait_for("role") == [document, {"role": "read", "rev": 1}]
    refused = ada.edit(document, splice(4, "two "))
    assert refused["error"]["code"] == "FORBIDDEN" and refused["error"]["retryable"] is False
    # What was last accepted, so that the client can tell what it has to keep.
    assert refused["error"]["rev"] == 1 and isinstance(refused["error"]["version"], bytes)
    # Who reads is seen and sees.
    assert ada.ask("presence", document, {"cursor": 1})["ok"]
    assert admin.put(f"{document}/roles/ada", {"role": "write"}).status_code == 200
    assert ada.wait_for("role") == [document, {"role": "write", "rev": 1}]
    assert ada.edit(document, splice(4, "two "))["rev"] == 2
    assert admin.get(f"{document}?format=text").text == "one two "


def test_below_read_one_is_put_out_and_stays_out_until_let_in(admin, people, document):
    ada, grace = people("ada"), people("grace")
    epoch = ada.join(document)["epoch"]
    grace.join(document)
    admin.put(f"{document}/roles/ada", {"role": "none"})
    assert ada.wait_for("reset") == [document, {"reason": "FORBIDDEN", "epoch": epoch}]
    assert ada.join(document)["error"]["code"] == "FORBIDDEN"
    assert ada.edit(document, splice(0, "no"))["error"]["code"] == "NOT_JOINED"
    reader = User(admin.url, "ada")
    assert code_of(reader.get(document)) == "FORBIDDEN"
    assert document not in [each["id"] for each in reader.get("?limit=1000").json()["docs"]]
    # The others notice only that she left, and what she has elsewhere is as it was.
    assert grace.edit(document, splice(0, "yes"))["rev"] == 1
    assert ada.join(f"{document}-2")["ok"]
    assert admin.delete(f"{document}/roles/ada").status_code == 204
    assert ada.join(document)["content"] == {"body": "yes"}
    assert reader.get(document).status_code == 200


def test_a_role_lets_in_whom_the_token_does_not(admin, people, document):
    stranger = people("stranger", docs={"other-*": "write"})
    assert stranger.join(document)["error"]["code"] == "FORBIDDEN"
    people("ada").join(document)
    assert stranger.join(document)["error"]["code"] == "FORBIDDEN"
    admin.put(f"{document}/roles/stranger", {"role": "comment"})
    assert stranger.join(document)["role"] == "comment"
    assert stranger.edit(document, splice(0, "x"))["error"]["code"] == "FORBIDDEN"
    assert [each["id"] for each in User(admin.url, "stranger", docs={}).get("").json()["docs"]] == [document]


def test_roles_survive_a_restart(tmp_path, document):
    from quire import Server

    server = Server(tmp_path, "--jwt-secret", tokens.SECRET).start()
    try:
        peer = WebSocketPeer(server.url).connect({"token": tokens.make(sub="ada")})
        peer.join(document)
        admin = User(server.url, "root", **ADMIN)
        admin.put(f"{document}/roles/ada", {"role": "comment"})
        server.kill()
        server.start()
        peer = WebSocketPeer(server.url).connect({"token": tokens.make(sub="ada")})
        assert peer.join(document)["role"] == "comment"
        assert admin.get(f"{document}/roles").json()["roles"][0]["user"] == "ada"
    finally:
        server.stop()


def test_only_admins_manage_roles_and_the_last_one_stays(admin, people, document):
    people("ada").join(document)
    ada = User(admin.url, "ada")
    for answer in (
        ada.get(f"{document}/roles"), ada.put(f"{document}/roles/bob", {"role": "read"}),
        ada.delete(f"{document}/roles/bob"), ada.post(f"{document}/kick", {"user": "bob"}),
    ):
        assert (answer.status_code, code_of(answer)) == (403, "FORBIDDEN")
    admin.put(f"{document}/roles/ada", {"role": "admin"})
    assert ada.put(f"{document}/roles/bob", {"role": "read"}).status_code == 200
    assert ada.get(f"{document}/roles/bob").json()["role"] == "read"
    for answer in (ada.put(f"{document}/roles/ada", {"role": "write"}), ada.delete(f"{document}/roles/ada")):
        assert (answer.status_code, code_of(answer)) == (409, "LAST_ADMIN")
    ada.put(f"{document}/roles/bob", {"role": "admin"})
    assert ada.put(f"{document}/roles/ada", {"role": "write"}).status_code == 200
    assert code_of(ada.get(f"{document}/roles")) == "FORBIDDEN"
    # Whoever administers everything needs no assignment, takes any, and cannot be lowered.
    assert admin.put(f"{document}/roles/root", {"role": "none"}).status_code == 200
    assert admin.delete(f"{document}/roles/bob").status_code == 204
    assert admin.get(f"{document}/roles").json()["roles"][0]["user"] == "ada"


@pytest.mark.parametrize("body", [{}, {"role": "owner"}, {"role": 3}, {"role": "read", "extra": 1}, [], "x"])
def test_bodies_that_name_no_role_are_refused(admin, people, document, body):
    people("ada").join(document)
    answer = admin.put(f"{document}/roles/ada", body)
    assert (answer.status_code, code_of(answer)) == (400, "INVALID_ARGUMENT")


def test_what_is_not_there(admin, people, document):
    assert code_of(admin.put(f"{document}/roles/ada", {"role": "read"})) == "UNKNOWN_DOCUMENT"
    assert code_of(admin.get(f"{document}/roles")) == "UNKNOWN_DOCUMENT"
    assert code_of(admin.get(f"{document}/presence")) == "UNKNOWN_DOCUMENT"
    people("ada").join(document)
    assert code_of(admin.delete(f"{document}/roles/ada")) == "NOT_FOUND"
    assert code_of(admin.get(f"{document}/roles/ada")) == "NOT_FOUND"
    assert code_of(admin.put(f"{document}/roles/e%CC%81", {"role": "read"})) == "INVALID_ARGUMENT"
    assert code_of(admin.put(f"{document}/roles/{'u' * 257}", {"role": "read"})) == "INVALID_ARGUMENT"
    assert admin.put(f"{document}/roles/{'u' * 1100}", body={"role": "x" * 2000}).status_code == 400
    assert code_of(admin.put(f"{document}/roles/ada", {"role": "x" * 2000})) == "TOO_LARGE"


def test_kick_presence_and_signal(admin, people, document):
    ada, grace = people("ada"), people("grace")
    ada.join(document, presence={"color": "red"})
    grace.join(document)
    members = admin.get(f"{document}/presence").json()["members"]
    assert [(each["user"]["id"], each["state"]) for each in members] == [("ada", {"color": "red"}), ("grace", None)]
    assert User(admin.url, "ada").post(f"{document}/signal", {"payload": {"hello": [1]}}).json() == {"participants": 2}
    for peer in (ada, grace):
        assert peer.wait_for("signal") == [
            document, {"session": "http", "user": {"id": "ada", "name": "Ada"}}, {"hello": [1]},
        ]
    assert admin.post(f"{document}/kick", {"session": members[1]["session"]}).json() == {"sessions": 1}
    assert grace.wait_for("reset")[1]["reason"] == "KICKED"
    assert admin.post(f"{document}/kick", {"user": "ada"}).json() == {"sessions": 1}
    assert ada.wait_for("reset")[1]["reason"] == "KICKED"
    assert admin.get(f"{document}/presence").json() == {"members": []}
    assert admin.post(f"{document}/kick", {"user": "ada"}).json() == {"sessions": 0}
    for body in ({}, {"user": "a", "session": "b"}, {"user": 3}):
        assert code_of(admin.post(f"{document}/kick", body)) == "INVALID_ARGUMENT"
    ada.join(document)
    assert code_of(admin.post(f"{document}/signal", {"payload": "x" * (64 << 10)})) == "TOO_LARGE"
    assert code_of(admin.post(f"{document}/signal", {"payload": "x" * (128 << 10)})) == "TOO_LARGE"
