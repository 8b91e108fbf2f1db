"""Tokens that are revoked: refused from then on, and put out where they are."""

import sqlite3
import subprocess
import time
import urllib.parse

import pytest
import requests

import tokens
from api import User, code_of
from gateways import Visitor, refusal
from quire import Server, binary
from test_gateways import ADMIN
from test_redis_adapter import Cluster, eventually, redis_server  # noqa: F401 (a fixture)
from test_token_life import Lost
from tokens import SECRET
from wire import Refused, WebSocketPeer


def ask(server, method, path="", body=None, **claims):
    headers = {"Authorization": f"Bearer {tokens.make(**(claims or ADMIN))}"}
    return requests.request(method, f"{server.url}/v1/revocations{path}", json=body, headers=headers, timeout=10)


def revoke_user(server, sub, body=None):
    answer = ask(server, "PUT", f"/users/{urllib.parse.quote(sub, safe='')}", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def revoke_token(server, jti, body=None):
    answer = ask(server, "PUT", f"/tokens/{jti}", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def is_welcome(server, token: str) -> bool:
    answer = requests.get(f"{server.url}/v1/docs", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    if answer.status_code == 200:
        return True
    assert (answer.status_code, code_of(answer)) == (401, "TOKEN_REVOKED")
    return False


def is_told(visitor):
    """The visitor hears why, and is put out."""
    assert visitor.wait_for("closing") == {"reason": "TOKEN_REVOKED", "retryAfter": 0}
    assert visitor.gone.wait(10)


@pytest.mark.parametrize("transport", ["polling", "websocket"])
@pytest.mark.parametrize("namespace", ["/", "/chat", "/docs"])
def test_a_users_sockets_are_put_out_at_once_and_stay_out(closed_server, namespace, transport):
    user = f"out-{namespace.strip('/')}-{transport}"
    token = tokens.make(sub=user, iat=time.time() - 60)
    visitor = Visitor(closed_server.url, namespace, transports=[transport], auth={"token": token})
    other = Visitor(closed_server.url, namespace, transports=[transport], auth={"token": tokens.make(sub=f"{user}-2")})
    begun = time.time()
    told = revoke_user(closed_server, user)
    assert told["user"] == user and begun - 1 <= told["before"] <= time.time() and told["by"] == ADMIN["sub"]
    is_told(visitor)
    assert refusal(closed_server.url, namespace, {"token": token}, transport)["data"]["code"] == "TOKEN_REVOKED"
    assert not is_welcome(closed_server, token)
    # A token that does not say when it was made may be of any time.
    assert not is_welcome(closed_server, tokens.make(sub=user))
    # One that was made since is good; and nobody else noticed.
    later = tokens.make(sub=user, iat=time.time() + 0.01)
    assert is_welcome(closed_server, later)
    Visitor(closed_server.url, namespace, transports=[transport], auth={"token": later}).close()
    assert "closing" not in other.rest() and not other.gone.is_set()
    other.close()


def test_one_token_is_revoked_and_the_users_others_are_not(closed_server):
    bad, good = (tokens.make(sub="bea", jti=name) for name in ("bea-1", "bea-2"))
    put_out, stays = (Visitor(closed_server.url, "/chat", auth={"token": token}) for token in (bad, good))
    exp = time.time() + 3600
    assert revoke_token(closed_server, "bea-1", {"exp": exp})["until"] == pytest.approx(exp, abs=0.002)
    is_told(put_out)
    assert not is_welcome(closed_server, bad) and is_welcome(closed_server, good)
    assert stays.call("refresh", bad)["error"]["code"] == "TOKEN_REVOKED"
    assert stays.call("refresh", tokens.make(sub="bea", jti="bea-3"))["ok"]
    # What it came with counts no more, what it stays with does.
    revoke_token(closed_server, "bea-2")
    assert stays.call("joinChat")["success"]
    revoke_token(closed_server, "bea-3")
    is_told(stays)


def test_a_participant_leaves_the_document_and_others_see_it(closed_server, document):
    ada, bob = (WebSocketPeer(closed_server.url).connect({"token": tokens.make(sub=name)}) for name in ("ada-r", "bob-r"))
    assert ada.join(document)["ok"] and bob.join(document)["ok"]
    revoke_user(closed_server, "bob-r")
    assert bob.wait_for("closing")[0]["reason"] == "TOKEN_REVOKED"
    left = []
    while not left:
        _, _, left = ada.wait_for("presence")
    answer = User(closed_server.url, "root", docs={"*": "admin"}).get(f"{document}/presence").json()
    assert [member["user"]["id"] for member in answer["members"]] == ["ada-r"]
    ada.close()


def test_what_was_lost_is_not_given_back(closed_server):
    lost = Lost(closed_server.url, sub="lost-r", iat=time.time() - 60)
    revoke_user(closed_server, "lost-r")
    with pytest.raises(Refused) as refused:
        lost.back(tokens.make(sub="lost-r", iat=time.time() - 60))
    assert refused.value.args[0]["data"]["code"] == "TOKEN_REVOKED"
    # By a new token its user is let in, as somebody new: what was kept of the old socket is gone.
    peer = lost.back(tokens.make(sub="lost-r", iat=time.time() + 0.01))
    assert peer.welcome["sid"] != lost.id
    peer.close()


def test_revocations_are_listed_and_taken_back(closed_server):
    names = [f"list-{number}" for number in range(5)]
    for name in names:
        revoke_user(closed_server, name, {"before": 1_000_000})
    revoke_token(closed_server, "list-token")
    found, after = [], 0
    while after is not None:
        page = ask(closed_server, "GET", f"?limit=2&after={after}").json()
        assert len(page["revocations"]) <= 2
        found += page["revocations"]
        after = page["next"]
    assert [one["user"] for one in found if one.get("user") in names] == names
    assert {"before", "by", "time", "user"} == set(found[0]) or {"until", "by", "time", "token"} == set(found[0])
    token = tokens.make(sub="list-0", iat=999_999)
    assert is_welcome(closed_server, tokens.make(sub="list-0", iat=1_000_000)) and not is_welcome(closed_server, token)
    assert ask(closed_server, "DELETE", "/users/list-0").status_code == 204
    assert is_welcome(closed_server, token)
    assert code_of(ask(closed_server, "DELETE", "/users/list-0")) == "NOT_FOUND"
    assert ask(closed_server, "DELETE", "/tokens/list-token").status_code == 204


@pytest.mark.parametrize("path, body", [
    ("/users/x", {"before": "now"}), ("/users/x", {"before": -1}), ("/users/x", {"before": 1e300}), ("/users/x", {"until": 1}),
    ("/users/x", [1]), ("/tokens/x", {"exp": -5}), ("/tokens/x", {"exp": True}), ("/tokens/%00", None), ("/users/" + "x" * 257, None),
], ids=str)
def test_what_makes_no_sense_is_refused(closed_server, path, body):
    answer = ask(closed_server, "PUT", path, body)
    assert (answer.status_code, code_of(answer)) == (400, "INVALID_ARGUMENT")


def test_only_those_who_administer_the_server_may(closed_server):
    for method, path in [("GET", ""), ("PUT", "/users/x"), ("DELETE", "/users/x"), ("PUT", "/tokens/x"), ("DELETE", "/tokens/x")]:
        for docs in ({"*": "write"}, {"a": "admin"}):
            assert code_of(ask(closed_server, method, path, sub="mallory", docs=docs)) == "FORBIDDEN"


def test_tokens_of_the_server_can_be_revoked_one_by_one(closed_server):
    headers = {"Authorization": f"Bearer {tokens.make(**ADMIN)}"}
    made = [requests.post(f"{closed_server.url}/v1/tokens", json={"sub": "mia"}, headers=headers, timeout=10).json() for _ in range(2)]
    revoke_token(closed_server, made[0]["jti"], {"exp": made[0]["exp"]})
    assert [is_welcome(closed_server, one["token"]) for one in made] == [False, True]
    printed = subprocess.run([binary(), "token", "--sub", "mia", "--jwt-secret", SECRET], capture_output=True, text=True, check=True).stdout.strip()
    assert is_welcome(closed_server, printed)
    time.sleep(0.01)
    revoke_user(closed_server, "mia")
    assert not is_welcome(closed_server, printed) and not is_welcome(closed_server, made[1]["token"])


def test_they_outlive_a_kill_and_damage_shuts_out_rather_than_in(tmp_path):
    server = Server(tmp_path, "--jwt-secret", SECRET).start()
    token, single = tokens.make(sub="ada", iat=1_000_000), tokens.make(sub="bob", jti="b1")
    revoke_user(server, "ada")
    revoke_token(server, "b1")
    revoke_token(server, "over", {"exp": 5})
    server.kill()
    server.start()
    assert not is_welcome(server, token) and not is_welcome(server, single) and is_welcome(server, tokens.make(sub="cy", jti="over"))
    revoke_user(server, "eve", {"before": 10})
    assert server.stop() == 0
    with sqlite3.connect(tmp_path / "quire.sqlite") as database:
        assert [row[0] for row in database.execute("SELECT name FROM revocations ORDER BY number")] == ["ada", "b1", "eve"]
        database.execute("UPDATE revocations SET made_before = 0, until = 1e15 WHERE name != 'b1'")
        database.execute("UPDATE revocations SET author = 'x' WHERE name = 'b1'")
    database.close()
    checked = subprocess.run([binary(), "check", "--database", tmp_path / "quire.sqlite"], capture_output=True, text=True)
    assert checked.returncode == 1 and checked.stdout.count("revocation") >= 3, checked.stdout
    server.start()
    assert "damaged revocations" in server.tail()
    assert not is_welcome(server, token) and not is_welcome(server, single)
    assert is_welcome(server, tokens.make(sub="ada", iat=time.time() + 1))
    assert server.stop() == 0


def test_all_servers_of_a_cluster_hear_of_it(tmp_path, redis_server):
    cluster = Cluster(tmp_path, redis_server, 2)
    token = tokens.make(sub="ada", iat=time.time() - 60)
    visitors = [Visitor(node.url, "/chat", auth={"token": token}) for node in cluster.nodes]
    revoke_user(cluster.nodes[0], "ada")
    for visitor in visitors:
        is_told(visitor)
    assert not is_welcome(cluster.nodes[1], token)
    assert ask(cluster.nodes[1], "DELETE", "/users/ada").status_code == 204
    eventually(lambda: is_welcome(cluster.nodes[0], token), 10)
    assert is_welcome(cluster.nodes[1], token)
    cluster.stop()
