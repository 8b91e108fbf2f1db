"""Clients that stall, trickle or flood: the others of the room notice nothing, and the server's memory stays as it is."""

import pathlib
import threading
import time

import pytest

from quire import Server
from wire import Closed, WebSocketPeer, splice

#: 19 MB of signals in all: half as much again as the memory may grow by, for a server that kept everything for who does not
#: read; and said within 45 seconds, after which a client is gone that answers no ping.
ROUNDS = 320
NOISE = "n" * 60_000
GROWTH = 12e6
#: An edit every so many rounds.
EDITS = 5


def memory(server: Server) -> int:
    """The bytes that the server's process has of its own."""
    for line in pathlib.Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no RssAnon")


class Reader(threading.Thread):
    """A member that reads all the time, and keeps what it got."""

    def __init__(self, server: Server, document: str):
        super().__init__(daemon=True)
        self.peer = WebSocketPeer(server.url).connect()
        assert self.peer.join(document)["ok"]
        self.revisions: list[int] = []
        self.signals: list[int] = []
        self.presence = 0
        self.ended: str | None = None
        self.start()

    def run(self):
        try:
            while True:
                kind, _, _, _, data = self.peer.next_packet()
                if kind != 2:
                    continue
                name, *arguments = data
                if name == "edit":
                    self.revisions.append(arguments[1]["rev"])
                elif name == "signal":
                    if arguments[2] == "end":
                        return
                    if "number" in arguments[2]:
                        self.signals.append(arguments[2]["number"])
                elif name == "presence":
                    self.presence += 1
                elif name == "reset":
                    raise AssertionError("put out")
        except Exception as error:
            self.ended = repr(error)


@pytest.fixture
def roomy_server(tmp_path):
    one = Server(tmp_path).start()
    yield one
    assert one.stop() == 0, one.tail()


class Talk:
    """A writer and three readers in one room; what they got is checked at the end."""

    def __init__(self, server: Server, document: str):
        self.server, self.document = server, document
        self.writer = WebSocketPeer(server.url).connect()
        assert self.writer.join(document)["ok"]
        self.readers = [Reader(server, document) for _ in range(3)]
        self.first = self.writer.revision
        self.before = memory(server)
        self.peak = 0

    def talk(self, meanwhile=lambda: None):
        for number in range(ROUNDS):
            assert self.writer.ask("signal", self.document, {"number": number, "noise": NOISE})["ok"]
            if number % EDITS == 0:
                assert self.writer.edit(self.document, splice(0, "abc"))["ok"]
            meanwhile()
            self.wait_for_readers(number - 20)
            if number % 10 == 0:
                self.peak = max(self.peak, memory(self.server))

    def wait_for_readers(self, number: int):
        """Stays close to them, so that they do not fall behind themselves on a busy machine."""
        deadline = time.monotonic() + 30
        while any(reader.ended is None and len(reader.signals) <= number for reader in self.readers):
            assert time.monotonic() < deadline, "a reader gets nothing"
            time.sleep(0.001)

    def check(self):
        assert self.writer.ask("signal", self.document, "end")["ok"]
        for reader in self.readers:
            reader.join(30)
            assert not reader.is_alive(), "a reader does not come to the end"
            assert reader.ended is None, reader.ended
            assert reader.signals == list(range(ROUNDS)), "a signal is missing, or came twice"
            assert reader.revisions == sorted(set(reader.revisions)), "a revision came twice, or too late"
            assert set(range(self.first + 1, self.writer.revision + 1)) <= set(reader.revisions), "an edit is missing"


def slow(server: Server, document: str) -> WebSocketPeer:
    """A member that reads only when it is told to."""
    peer = WebSocketPeer(server.url).connect()
    assert peer.join(document)["ok"]
    return peer


def read_until_reset(peer: WebSocketPeer):
    """Reads like anybody else from now on, up to where it was left out."""
    assert peer.wait_for("reset")[1]["reason"] == "BEHIND"


def test_a_stalled_client_costs_the_others_nothing_and_comes_back(roomy_server, document):
    talk = Talk(roomy_server, document)
    stalled = slow(roomy_server, document)
    talk.talk()
    talk.check()
    # The queue takes 4 MiB, then this client is left out.
    assert talk.peak < talk.before + GROWTH, f"the memory grew from {talk.before} to {talk.peak}"
    read_until_reset(stalled)
    again = stalled.join(document)
    assert again["ok"] and again["content"]["body"] == "abc" * (ROUNDS // EDITS)
    stalled.events.clear()
    assert talk.writer.edit(document, splice(0, "z"))["ok"]
    assert stalled.wait_for("edit")[1]["rev"] == talk.writer.revision


def test_a_trickling_client_costs_the_others_nothing_and_comes_back(roomy_server, document):
    talk = Talk(roomy_server, document)
    trickling = slow(roomy_server, document)
    sips = 0

    def sip():
        """One message for every twenty."""
        nonlocal sips
        sips += 1
        if sips % 10 == 0:
            trickling.next_packet()

    talk.talk(meanwhile=sip)
    talk.check()
    assert talk.peak < talk.before + GROWTH, f"the memory grew from {talk.before} to {talk.peak}"
    read_until_reset(trickling)
    again = trickling.join(document)
    assert again["ok"] and again["content"]["body"] == "abc" * (ROUNDS // EDITS)


def test_a_flooding_client_is_refused_and_the_others_go_on(tmp_path, document):
    """With the limits that a server has by default, but for what one test's writer needs."""
    server = Server(tmp_path, limits=("--connections-per-second", "0")).start()
    try:
        readers = [Reader(server, document) for _ in range(5)]
        writer = WebSocketPeer(server.url).connect()
        assert writer.join(document)["ok"]
        before = memory(server)
        flooder = WebSocketPeer(server.url).connect()
        assert flooder.join(document)["ok"]
        refusals, ended = [], []

        def drain():
            try:
                while True:
                    kind, _, _, _, data = flooder.next_packet()
                    if kind == 3 and not data[0]["ok"]:
                        refusals.append(data[0]["error"]["code"])
            except (Closed, OSError) as error:
                ended.append(repr(error))

        def flood():
            try:
                for number in range(20_000):
                    flooder.send_text(f'42/docs,{number}["signal","{document}",{{"flood":{number}}}]')
            except OSError:
                pass  # put out

        threads = [threading.Thread(target=work, daemon=True) for work in (drain, flood)]
        for thread in threads:
            thread.start()
        for number in range(100):
            assert writer.ask("signal", document, {"number": number})["ok"]
            assert writer.edit(document, splice(0, "a"))["ok"]
        assert writer.ask("signal", document, "end")["ok"]
        for thread in threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in threads)
        for reader in readers:
            reader.join(30)
            assert reader.ended is None, reader.ended
            assert reader.signals == list(range(100))
            assert len(reader.revisions) == len(set(reader.revisions)) == 100
        assert set(refusals) <= {"RATE_LIMITED"} and (refusals or ended), "the flood was let through"
        assert memory(server) < before + 24e6
        assert server.answers()
    finally:
        assert server.stop() == 0
