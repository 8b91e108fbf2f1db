"""Lists and maps over the wire: two thin clients edit by path and position, HTTP shows the same."""

import base64

import pytest
import requests

from wire import WebSocketPeer, splice

class Participant(WebSocketPeer):
    """A thin client of one document."""

    def __init__(self, url: str, document: str):
        super().__init__(url)
        self.document = document
        self.connect()
        self.content = self.join(document)["content"]

    def edit(self, *ops, rev: int | None = None) -> dict:
        return super().edit(self.document, *ops, rev=rev)


@pytest.fixture
def peers(server, document):
    """Two participants of one document."""
    both = Participant(server.url, document), Participant(server.url, document)
    yield both
    for peer in both:
        peer.close()


@pytest.fixture
def content(server, document):
    """The document as HTTP shows it."""
    return lambda: requests.get(f"{server.url}/v1/docs/{document}", timeout=10).json()["content"]


def put(key: str, value, path: str = "fields") -> dict:
    return {"map": path, "key": key, "set": value}


def items(at: int, *insert, delete: int = 0, path: str = "cards") -> dict:
    return {"list": path, "at": at, "delete": delete, "insert": list(insert)}


def test_values_of_every_kind_come_back_as_they_were_sent(peers, content, server, document):
    ada, grace = peers
    values = [
        None, True, False, 0, -7, 2**53 - 1, 0.5, 1e300, "", "é😀", [], {}, [1, [2, {"a": None}]], {"a": {"b": [True]}},
        {"$text": "body"}, {"$bytes": base64.b64encode(bytes(range(256))).decode()}, {"$map": {"$text": "no text"}},
        {"$a": 1, "$b": 2}, {"": "empty key", "a/b~c": 1},
    ]
    assert ada.edit(items(0, *values), *(put(f"k{n}", value) for n, value in enumerate(values)))["ok"]
    assert content() == {"cards": values, "fields": {f"k{n}": value for n, value in enumerate(values)}}
    _, news = grace.wait_for("edit")
    assert news["ops"][0] == items(0, *values)
    assert [op["set"] for op in news["ops"][1:]] == values
    late = Participant(server.url, document)
    assert late.content == content()
    late.close()


def test_an_attachment_is_bytes(peers, content):
    ada, _ = peers
    assert ada.edit(put("raw", b"\x00\xff"))["ok"]
    assert content()["fields"] == {"raw": {"$bytes": "AP8="}}


def test_paths_lead_into_what_is_nested(peers, content):
    ada, grace = peers
    assert ada.edit(put("a/b~c", {"cards": [{"title": {"$text": "Hello"}}]}), items(0, [1, 2, 3]))["ok"]
    assert ada.edit(
       
        splice(5, " there", text="fields/a~1b~0c/cards/0/title"),
        put("done", True, path="fields/a~1b~0c/cards/0"),
        items(1, "two", delete=1, path="cards/0"),
        {"list": "cards/0", "move": [0, 2]},
        {"map": "fields/a~1b~0c/cards/0", "key": "nothing", "unset": True},
    )["ok"]
    expected = {
        "cards": [["two", 3, 1]],
        "fields": {"a/b~c": {"cards": [{"done": True, "title": {"$text": "Hello there"}}]}},
    }
    assert content() == expected
    grace.wait_for("edit")
    _, news = grace.wait_for("edit")
    assert news["ops"][0]["text"] == "fields/a~1b~0c/cards/0/title"


def test_positions_move_over_what_others_did(peers, content):
    ada, grace = peers
    assert ada.edit(items(0, "a", "b", "c", {"name": {"$text": "d"}}))["ok"]
    grace.wait_for("edit")
    base = ada.revision
    assert ada.edit(items(0, "new"), {"list": "cards", "move": [1, 3]})["ok"]  # new b c a {}
    answer = grace.edit(
        {"list": "cards", "move": [2, 0]}, splice(1, "!", text="cards/3/name"), items(1, delete=1), rev=base
    )
    assert answer["ok"]
    # "c" goes to the front, where "new" stands already; "a", which came to stand at 1 by that, is deleted where it is now.
    assert content()["cards"] == ["new", "c", "b", {"name": {"$text": "d!"}}]
    assert answer["ops"] == [
        {"list": "cards", "move": [2, 1]},
        {"text": "cards/4/name", "at": 1, "delete": 0, "insert": "!"},
        {"list": "cards", "at": 3, "delete": 1, "insert": []},
    ]


def test_nothing_is_left_of_edits_inside_what_others_took_away(peers, content):
    ada, grace = peers
    assert ada.edit(items(0, ["x"]), put("s", {"name": {"$text": ""}}))["ok"]
    grace.wait_for("edit")
    base = ada.revision
    assert ada.edit(items(0, delete=1), put("s", {"name": {"$text": "other"}}))["ok"]
    answer = grace.edit(items(0, "y", path="cards/0"), splice(0, "z", text="fields/s/name"), rev=base)
    assert answer["ok"] and answer["ops"] == []
    assert content() == {"cards": [], "fields": {"s": {"name": {"$text": "other"}}}}


def test_a_text_hides_a_list_of_its_name_and_a_list_a_map(peers, content):
    ada, _ = peers
    for op, shown in (
        (put("k", 1, path="x"), {"k": 1}), (items(0, 1, path="x"), [1]), (splice(0, "t", text="x"), "t"),
    ):
        assert ada.edit(op)["ok"]
        assert content()["x"] == shown


REFUSED = {
    "a path to nothing": (put("k", 1, path="fields/none"), "INVALID_EDIT"),
    "a path through a number": (put("k", 1, path="fields/n/deeper"), "INVALID_EDIT"),
    "a text that is a list": (splice(0, "x", text="fields/l"), "INVALID_EDIT"),
    "a list that is a map": (items(0, 1, path="fields/m"), "INVALID_EDIT"),
    "an index behind the end": (put("k", 1, path="cards/1"), "INVALID_EDIT"),
    "an index with a zero in front": (put("k", 1, path="cards/00"), "INVALID_EDIT"),
    "an index that is no number": (put("k", 1, path="cards/x"), "INVALID_EDIT"),
    "a splice behind the end": (items(2, 1), "INVALID_EDIT"),
    "a deletion beyond the end": (items(0, delete=2), "INVALID_EDIT"),
    "a move from behind the end": ({"list": "cards", "move": [1, 0]}, "INVALID_EDIT"),
    "a move to behind the end": ({"list": "cards", "move": [0, 1]}, "INVALID_EDIT"),
    "a move in an empty list": ({"list": "empty", "move": [0, 1]}, "INVALID_EDIT"),
    "a splice without a place": ({"list": "cards", "insert": [1]}, "INVALID_ARGUMENT"),
    "a string for a list": ({"list": "cards", "at": 0, "insert": "x"}, "INVALID_ARGUMENT"),
    "a move and a splice": ({"list": "cards", "at": 0, "move": [0, 0]}, "INVALID_ARGUMENT"),
    "a move to one end": ({"list": "cards", "move": [0]}, "INVALID_ARGUMENT"),
    "a move to a fraction": ({"list": "cards", "move": [0, 0.5]}, "INVALID_ARGUMENT"),
    "two containers": ({"list": "cards", "map": "fields", "at": 0}, "INVALID_ARGUMENT"),
    "neither set nor unset": ({"map": "fields", "key": "k"}, "INVALID_ARGUMENT"),
    "set and unset": ({"map": "fields", "key": "k", "set": 1, "unset": True}, "INVALID_ARGUMENT"),
    "unset that is false": ({"map": "fields", "key": "k", "unset": False}, "INVALID_ARGUMENT"),
    "a key of 257 bytes": (put("k" * 257, 1), "INVALID_ARGUMENT"),
    "a number beyond doubles": (put("k", 2**53 + 1), "INVALID_ARGUMENT"),
    "an unknown kind": (put("k", {"$date": "today"}), "INVALID_ARGUMENT"),
    "a text that is a number": (put("k", {"$text": 1}), "INVALID_ARGUMENT"),
    "base64 without padding": (put("k", {"$bytes": "AAA"}), "INVALID_ARGUMENT"),
    "an escape of nothing": (put("k", 1, path="fields/~2"), "INVALID_ARGUMENT"),
    "a root without a name": (put("k", 1, path="/a"), "INVALID_ARGUMENT"),
}


@pytest.mark.parametrize("op, code", REFUSED.values(), ids=list(REFUSED))
def test_what_does_not_fit_is_refused_and_changes_nothing(peers, content, op, code):
    ada, _ = peers
    assert ada.edit(items(0, "a"), put("n", 1), put("l", []), put("m", {}))["ok"]
    before = content()
    refused = ada.edit(put("n", 2), op)
    assert not refused["ok"]
    assert refused["error"]["code"] == code and refused["error"]["retryable"] is False
    assert content() == before
    assert ada.edit(put("n", 3))["ok"]


def test_a_path_may_not_lead_through_what_the_same_edit_puts_there(peers):
    ada, _ = peers
    assert ada.edit(put("new", {}), put("k", 1, path="fields/new"))["error"]["code"] == "INVALID_EDIT"
    assert ada.edit(put("new", {"k": 1}))["ok"]
    assert ada.edit(put("k", 2, path="fields/new"))["ok"]


def test_what_is_nested_too_deep_is_refused(peers):
    ada, _ = peers
    deep = "leaf"
    for _ in range(58):
        deep = [deep]
    assert ada.edit(put("deep", deep))["ok"]
    path = "fields/deep" + "/0" * 57
    assert ada.edit(items(0, [[[[[["too deep"]]]]]], path=path))["error"]["code"] == "INVALID_EDIT"
