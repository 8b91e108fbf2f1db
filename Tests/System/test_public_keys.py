"""Tokens of an issuer of one's own: algorithms, names of keys, sets that change, and what a forger would try."""

import time

import pytest
import requests

import tokens
from gateways import Visitor, refusal
from issuer import ALGORITHMS, AUDIENCE, NAME, Key, KeyServer, key_set
from quire import Server

RULES = ("--jwt-issuer", NAME, "--jwt-audience", AUDIENCE)


@pytest.fixture(scope="module")
def keys() -> dict[tuple[str, str], Key]:
    """A key for each place and algorithm; those in PEM have no name."""
    places = {"file": "file-", "url": "url-", "pem": None}
    return {
        (place, algorithm): Key(algorithm, prefix and prefix + algorithm.lower())
        for place, prefix in places.items() for algorithm in ALGORITHMS
    }


@pytest.fixture(scope="module")
def keyed_server(tmp_path_factory, keys):
    """A server that knows these keys, from a JWK set in a file, one at an address, and PEM."""
    folder = tmp_path_factory.mktemp("keyed-server")
    of = lambda place: [keys[place, algorithm] for algorithm in ALGORITHMS]
    (folder / "set.json").write_text(key_set(*of("file")))
    (folder / "keys.pem").write_text("\n".join(key.pem() for key in of("pem")))
    published = KeyServer(*of("url"))
    sources = ("--jwks", "set.json", "--jwks", published.url, "--jwt-public-key", "keys.pem")
    one = Server(folder, *sources, *RULES).start()
    yield one
    assert one.stop() == 0, one.tail()
    published.close()


def enters(server, token: str) -> str:
    """Who the server says that it is."""
    visitor = Visitor(server.url, "/chat", auth={"token": token})
    user = visitor.wait_for("authenticated")["user"]
    visitor.close()
    return user["id"]


def code(server, token: str) -> str:
    return refusal(server.url, "/chat", {"token": token})["data"]["code"]


@pytest.mark.parametrize("place", ["file", "url", "pem"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_of_each_algorithm_and_each_source_lets_in(keyed_server, keys, place, algorithm):
    key = keys[place, algorithm]
    assert enters(keyed_server, key.token(sub="ada")) == "ada"
    # Without a name, every key of the algorithm may be the one.
    assert enters(keyed_server, key.token(sub="eve", kid="")) == "eve"
    assert code(keyed_server, key.token(exp=int(time.time()) - 1)) == "TOKEN_EXPIRED"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_name_of_a_key_must_be_its_own(keyed_server, keys, algorithm):
    key = keys["file", algorithm]
    others = [other for other in ALGORITHMS if other != algorithm]
    for name in ["invented", keys["url", algorithm].name, *(keys["file", other].name for other in others)]:
        assert code(keyed_server, key.token(kid=name)) == "TOKEN_INVALID", name
    assert code(keyed_server, Key(algorithm, key.name).token()) == "TOKEN_INVALID", "another key of this name"


def test_a_key_is_good_for_its_algorithm_only(keyed_server, keys):
    for name in ["RS384", "RS512", "PS256"]:
        assert code(keyed_server, keys["file", "RS256"].token(algorithm=name)) == "TOKEN_INVALID", name


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("place", ["file", "pem"])
def test_what_is_public_is_no_secret(keyed_server, keys, algorithm, place):
    key = keys[place, algorithm]
    claims = tokens.claims_of(iss=NAME, aud=AUDIENCE)
    for header in [{"alg": "HS256"}, {"alg": "HS256", "kid": key.name or "x"}, {"alg": algorithm}, {"alg": "none"}]:
        for secret in [key.pem(), key.pem().strip(), key.jwk().get("x", ""), ""]:
            forged = tokens.make(claims, header=header, secret=secret)
            assert code(keyed_server, forged) == "TOKEN_INVALID", (header, secret)
    assert code(keyed_server, forged.rsplit(".", 1)[0] + ".") == "TOKEN_INVALID", "none, without a signature"


def test_a_token_does_not_bring_its_key(keyed_server, keys):
    forger = Key("ES256", keys["file", "ES256"].name)
    published = KeyServer(forger)
    try:
        assert code(keyed_server, forger.token(headers={"jwk": forger.jwk()})) == "TOKEN_INVALID"
        for kid in [None, "somewhere-else", ""]:
            assert code(keyed_server, forger.token(kid=kid, headers={"jku": published.url})) == "TOKEN_INVALID"
        assert published.asked == 0
    finally:
        published.close()


WRONG = {
    "another issuer": {"iss": "https://evil.example"},
    "a longer issuer": {"iss": NAME + "/"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "other"},
    "other audiences": {"aud": ["other", "quire2"]},
    "no audience": {"aud": None},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_token_for_others_is_refused(keyed_server, keys, name):
    assert code(keyed_server, keys["file", "ES256"].token(**WRONG[name])) == "TOKEN_INVALID"


def test_one_audience_of_several_is_enough(keyed_server, keys):
    assert enters(keyed_server, keys["file", "ES256"].token(aud=["other", AUDIENCE])) == "u1"


def refused(server, token: str) -> bool:
    """Whether a token is refused as invalid, on a request that costs less than a connection."""
    response = requests.get(f"{server.url}/v1/docs/any", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    return response.status_code == 401 and response.json()["code"] == "TOKEN_INVALID"


def eventually(condition):
    """The sets are read again for an unknown name at most every ten seconds."""
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.3)


def test_keys_rotate_while_the_server_runs(tmp_path):
    stays, old, new = Key("ES256", "stays"), Key("RS256", "old"), Key("EdDSA", "new")
    old_in_file, new_in_file = Key("ES256", "old-file"), Key("ES256", "new-file")
    published = KeyServer(stays, old)
    file = tmp_path / "set.json"
    file.write_text(key_set(old_in_file))
    server = Server(tmp_path, "--jwks", published.url, "--jwks", str(file), *RULES).start()
    lets_in = lambda key: enters(server, key.token()) == "u1"
    refuses = lambda key: refused(server, key.token())
    try:
        began = time.monotonic()
        assert lets_in(stays) and lets_in(old) and lets_in(old_in_file)
        assert refuses(Key("EdDSA", "new"))
        visitor = Visitor(server.url, "/chat", auth={"token": old.token()})

        published.body = key_set(stays, new)
        file.write_text(key_set(new_in_file))
        eventually(lambda: not refused(server, new.token()))
        assert lets_in(new) and lets_in(new_in_file) and lets_in(stays)
        assert refuses(old) and refuses(old_in_file)
        # Who is in stays in until the token ends.
        assert visitor.call("joinChat")["success"]
        visitor.close()

        # However many names are invented, the issuer is asked once at the start and then every ten seconds at most.
        for number in range(30):
            assert refuses(Key("EdDSA", f"invented-{number}"))
        assert published.asked <= 2 + (time.monotonic() - began) / 10

        # While the issuer is down, the keys that were there stay.
        published.status = 503
        asked = published.asked
        eventually(lambda: refuses(Key("EdDSA", "invented")) and published.asked > asked)
        assert lets_in(new) and lets_in(stays) and lets_in(new_in_file) and refuses(old)
    finally:
        assert server.stop() == 0
        published.close()

