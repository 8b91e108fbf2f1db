"""Clients that write without end, over whatever happens to the server, and enter all of it in the books."""

import itertools
import random
import threading
import time

import websocket

from faults import changes
from faults.ledger import LIST, MAP, TEXT, Ledger
from wire import Closed, Refused, WebSocketPeer, splice

GONE = (Closed, Refused, websocket.WebSocketException, OSError, ValueError)


class Client(threading.Thread):
    """Comes back until it is told to stop. `documents` gives those of the moment."""

    def __init__(self, url: str, number: int, documents, ledger: Ledger, seed: int, pause: float = 0):
        super().__init__(daemon=True)
        self.url, self.number, self.documents, self.ledger, self.pause = url, number, documents, ledger, pause
        self.chance = random.Random(seed * 1000 + number)
        self.count = itertools.count()
        self.is_over = threading.Event()
        self.failure = None
        self.connections = 0

    def run(self):
        while not self.is_over.is_set():
            try:
                self.peer = WebSocketPeer(self.url).connect({"name": f"Client {self.number}"})
                self.connections += 1
                self.work(self.chance.choice(self.documents()))
            except GONE:
                time.sleep(self.chance.uniform(0.01, 0.05))
            except BaseException as failure:
                self.failure = failure
                return

    def stop(self):
        self.is_over.set()

    def mark(self, document: str) -> str:
        mark = f"{self.number}.{next(self.count)}"
        self.ledger.send(document, mark)
        return mark

    def refused(self, answer: dict) -> bool:
        """What may be refused: while the disk is ill, or the room is closing. Anything else is a mistake."""
        if answer["ok"]:
            return False
        error = answer["error"]
        self.ledger.refuse(error["code"])
        assert error["code"] in ("STORE_FAILED", "ROOM_CLOSED", "NOT_JOINED", "SHUTTING_DOWN", "BUSY"), error
        assert error["retryable"] is True, error
        time.sleep(0.05)
        return True


class ThinClient(Client):
    """Edits by position. What was under way when the server went is not sent again, as it may have arrived."""

    def work(self, document):
        if self.refused(self.peer.join(document)):
            return
        while document in self.documents() and not self.is_over.is_set():
            mark = self.mark(document)
            op = self.chance.choice([
                splice(0, f"<{mark}>"), {"list": LIST, "at": 0, "insert": [mark]}, {"map": MAP, "key": mark, "set": 1},
            ])
            answer = self.peer.edit(document, op)
            if self.refused(answer):
                return
            self.ledger.acknowledge(document, [mark], answer["rev"], first=True)
            self.peer.events.clear()
            if self.pause:
                time.sleep(self.pause)


class FullClient(Client):
    """Makes changes of its own replica, and sends each until it is acknowledged.

    What was acknowledged it never sends again, unlike a client with the engine: that would heal the loss this looks for.
    """

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.logs = {}

    def work(self, document):
        log = self.logs.setdefault(document, {"replica": self.chance.randrange(1 << 40, 1 << 50), "next": 0, "waiting": []})
        answer = self.peer.ask("join", {"doc": document, "format": "changes"})
        if self.refused(answer):
            return
        while (document in self.documents() or log["waiting"]) and not self.is_over.is_set():
            again = bool(log["waiting"])
            while not again and len(log["waiting"]) < self.chance.choice([1, 1, 3]):
                mark = self.mark(document)
                operation = self.chance.choice([
                    changes.insert_text(TEXT, f"<{mark}>"), changes.insert_item(LIST, mark), changes.set_key(MAP, mark, "1"),
                ])
                log["waiting"].append((mark, changes.change(log["replica"], log["next"], operation)))
                log["next"] += 1
            answer = self.peer.ask("change", document, changes.change_set([each for _, each in log["waiting"]]))
            if self.refused(answer):
                return
            self.ledger.acknowledge(document, [mark for mark, _ in log["waiting"]], answer["rev"], first=not again)
            log["waiting"] = []
            self.peer.events.clear()
            if self.pause:
                time.sleep(self.pause)


class Crowd:
    """So many clients at work, half of them thin."""

    def __init__(self, url: str, size: int, documents, ledger: Ledger, seed: int, pause: float = 0):
        kinds = [ThinClient if number % 2 else FullClient for number in range(size)]
        self.clients = [kind(url, number, documents, ledger, seed, pause=pause) for number, kind in enumerate(kinds)]
        self.ledger = ledger

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def check(self):
        for client in self.clients:
            if client.failure:
                raise client.failure

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        for client in self.clients:
            client.stop()
        for client in self.clients:
            client.join(15)
            assert not client.is_alive(), f"client {client.number} hangs"


def seeded() -> tuple[int, random.Random]:
    """The run's seed, QUIRE_SEED when that is set; printed."""
    import os

    seed = int(os.environ.get("QUIRE_SEED", random.randrange(1 << 30)))
    print(f"QUIRE_SEED={seed}")
    return seed, random.Random(seed)
