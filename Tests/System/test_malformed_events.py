"""A table of events that no honest client sends, each with the code that its ack must have (see `test_malformed`)."""

import os

import pytest

from wire import WebSocketPeer, splice

pytestmark = pytest.mark.usefixtures("goes_on")

D = object()  # stands for the joined document
EDIT = {"rev": 0, "ops": []}


def edit(**op):
    return ("edit", D, {"rev": 1, "ops": [{"text": "body", "at": 0, "delete": 0, "insert": "", **op}]})


EVENTS = {
    "an event that does not exist": (("fly", D), "UNKNOWN_EVENT"),
    "join without arguments": (("join",), "INVALID_ARGUMENT"),
    "join with a string": (("join", "doc"), "INVALID_ARGUMENT"),
    "join with two arguments": (("join", {"doc": "x"}, 1), "INVALID_ARGUMENT"),
    "join without a document": (("join", {}), "INVALID_DOCUMENT"),
    "a document that is a number": (("join", {"doc": 5}), "INVALID_DOCUMENT"),
    "a document without a name": (("join", {"doc": ""}), "INVALID_DOCUMENT"),
    "a document with a slash": (("join", {"doc": "a/b"}), "INVALID_DOCUMENT"),
    "a document with an accent": (("join", {"doc": "é"}), "INVALID_DOCUMENT"),
    "a document of 129 characters": (("join", {"doc": "x" * 129}), "INVALID_DOCUMENT"),
    "a format that does not exist": (("join", {"doc": "x", "format": "xml"}), "INVALID_ARGUMENT"),
    "a version that is text": (("join", {"doc": "x", "version": "1"}), "INVALID_ARGUMENT"),
    "a version of random bytes": (("join", {"doc": "x", "version": b"\xff" * 40}), "INVALID_ARGUMENT"),
    "a revision below zero": (("join", {"doc": "x", "rev": -1}), "INVALID_ARGUMENT"),
    "a revision that is text": (("join", {"doc": "x", "rev": "one"}), "INVALID_ARGUMENT"),
    "an epoch that is a number": (("join", {"doc": "x", "epoch": 3}), "INVALID_ARGUMENT"),
    "an initial presence of 5 KiB": (("join", {"doc": "x", "presence": "p" * 5000}), "TOO_LARGE"),
    "an edit of a document not joined": (("edit", "elsewhere", EDIT), "NOT_JOINED"),
    "an edit without operations": (("edit", D, {"rev": 0}), "INVALID_ARGUMENT"),
    "an edit without a revision": (("edit", D, {"ops": []}), "INVALID_ARGUMENT"),
    "an edit at revision 1.5": (("edit", D, {"rev": 1.5, "ops": []}), "INVALID_ARGUMENT"),
    "an edit at revision -1": (("edit", D, {"rev": -1, "ops": []}), "INVALID_ARGUMENT"),
    "an edit at a revision to come": (("edit", D, {"rev": 999, "ops": [splice(0, "x")]}), "STALE_REVISION"),
    "operations that are an object": (("edit", D, {"rev": 1, "ops": {}}), "INVALID_ARGUMENT"),
    "an operation that is a number": (("edit", D, {"rev": 1, "ops": [1]}), "INVALID_ARGUMENT"),
    "an operation without a text": (("edit", D, {"rev": 1, "ops": [{"at": 0}]}), "INVALID_ARGUMENT"),
    "an operation without a place": (("edit", D, {"rev": 1, "ops": [{"text": "body"}]}), "INVALID_ARGUMENT"),
    "a place below zero": (edit(at=-1, insert="x"), "INVALID_ARGUMENT"),
    "a place behind the end": (edit(at=100, insert="x"), "INVALID_EDIT"),
    "a place of 2^53": (edit(at=2**53, insert="x"), "INVALID_EDIT"),
    "a deletion behind the end": (edit(at=0, delete=100), "INVALID_EDIT"),
    "a deletion below zero": (edit(at=0, delete=-1), "INVALID_ARGUMENT"),
    "an insertion between the halves of a pair": (edit(at=1, insert="x"), "INVALID_EDIT"),
    "a deletion of half a pair": (edit(at=0, delete=1), "INVALID_EDIT"),
    "an insertion that is a number": (edit(insert=7), "INVALID_ARGUMENT"),
    "a second operation that does not fit": (
        ("edit", D, {"rev": 1, "ops": [splice(2, "ok"), splice(50, "no")]}), "INVALID_EDIT"),
    "a text without a name": (edit(text="", insert="x"), "INVALID_ARGUMENT"),
    "a text whose name has 300 bytes": (edit(text="n" * 300, insert="x"), "INVALID_ARGUMENT"),
    "a path to nothing": (edit(text="shapes/s1", insert="x"), "INVALID_EDIT"),
    "more operations than an edit has": (("edit", D, {"rev": 1, "ops": [splice(2)] * 1001}), "TOO_LARGE"),
    "a change of a document not joined": (("change", "elsewhere", b"x"), "NOT_JOINED"),
    "a change that is text": (("change", D, "bytes"), "INVALID_ARGUMENT"),
    "a change without bytes": (("change", D), "INVALID_ARGUMENT"),
    "an empty change": (("change", D, b""), "INVALID_CHANGE"),
    "a change of zeros": (("change", D, bytes(64)), "INVALID_CHANGE"),
    "a change of random bytes": (("change", D, os.urandom(200)), "INVALID_CHANGE"),
    "presence in a document not joined": (("presence", "elsewhere", {}), "NOT_JOINED"),
    "presence without a state": (("presence", D), "INVALID_ARGUMENT"),
    "presence of 5 KiB": (("presence", D, {"x": "y" * 5000}), "TOO_LARGE"),
    "presence with binary in it": (("presence", D, {"x": b"y"}), "INVALID_ARGUMENT"),
    "a signal to a document not joined": (("signal", "elsewhere", 1), "NOT_JOINED"),
    "a signal without a payload": (("signal", D), "INVALID_ARGUMENT"),
    "sync without a version": (("sync", {"doc": "x"}), "INVALID_ARGUMENT"),
    "sync of a document not joined": (("sync", {"doc": "elsewhere", "version": b"\x00"}), None),
    "leaving a document not joined": (("leave", "elsewhere"), "NOT_JOINED"),
    "leaving nothing": (("leave",), "INVALID_ARGUMENT"),
}


@pytest.fixture
def joined(server, document):
    """A client in a document that holds one emoji."""
    peer = WebSocketPeer(server.url).connect()
    assert peer.join(document)["ok"]
    assert peer.edit(document, splice(0, "😀"))["rev"] == 1
    yield peer
    assert server.text(document) == "😀", "what was refused changed nothing"
    peer.close()


@pytest.mark.parametrize("name", EVENTS)
def test_a_malformed_event_is_answered_with_its_code(joined, document, name):
    arguments, code = EVENTS[name]
    answer = joined.ask(*[document if argument is D else argument for argument in arguments])
    assert answer["ok"] is False
    error = answer["error"]
    assert code is None or error["code"] == code
    assert error["message"] and isinstance(error["retryable"], bool)
    if code == "STALE_REVISION":
        assert error["retryable"] and error["rev"] == 1 and error["content"] == {"body": "😀"}
    assert joined.ask("presence", document, None) == {"ok": True}, "the connection lives"


@pytest.mark.parametrize("name", ["cut short", "one bit flipped", "another magic number", "twice the bytes", "its checksum gone"])
def test_a_damaged_change_is_refused(server, document, name):
    thin, full = WebSocketPeer(server.url).connect(), WebSocketPeer(server.url).connect()
    thin.join(document)
    full.join(document, format="changes")
    thin.edit(document, splice(0, "genuine"))
    genuine = full.wait_for("change")[1]
    damaged = {
        "cut short": genuine[: len(genuine) // 2],
        "one bit flipped": genuine[:-6] + bytes([genuine[-6] ^ 1]) + genuine[-5:],
        "another magic number": b"\x00" + genuine[1:],
        "twice the bytes": genuine + b"\x00" + genuine,
        "its checksum gone": genuine[:-4],
    }[name]
    answer = full.ask("change", document, damaged)
    assert answer["error"]["code"] == "INVALID_CHANGE" and answer["error"]["retryable"] is False
    assert server.text(document) == "genuine"
    thin.close()
    full.close()


def test_an_escaped_surrogate_that_stands_alone_never_becomes_text(server, document):
    peer = WebSocketPeer(server.url).connect()
    peer.join(document)
    ops = '[{"text":"body","at":0,"insert":"a\\ud83db"}]'
    peer.send_text(f'42/docs,7["edit","{document}",{{"rev":0,"ops":{ops}}}]')
    while (packet := peer.next_packet())[3] != 7:
        pass
    assert packet[4][0]["error"]["code"] == "INVALID_ARGUMENT"
    assert server.text(document) == ""
    peer.close()
