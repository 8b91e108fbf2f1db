"""kill -9 with thin clients: what was acknowledged is there afterwards."""

import os
import random
import threading
import time

import websocket

from wire import Closed, WebSocketPeer, splice

ROUNDS = 5
CLIENTS = 3


class Writer(threading.Thread):
    """Types numbered marks as fast as they are acknowledged, until the server is gone."""

    def __init__(self, server, document, number):
        super().__init__(daemon=True)
        self.server, self.document, self.number = server, document, number
        self.acknowledged, self.sent = [], []
        self.failure = None

    def run(self):
        try:
            self.peer = WebSocketPeer(self.server.url).connect({"name": f"Writer {self.number}"})
            assert self.peer.join(self.document)["ok"]
            while True:
                mark = f"<{self.number}.{len(self.sent)}.{time.monotonic_ns()}>"
                self.sent.append(mark)
                assert self.peer.edit(self.document, splice(0, mark))["ok"]
                self.acknowledged.append(mark)
        except (Closed, websocket.WebSocketException, OSError):
            pass
        except BaseException as failure:
            self.failure = failure


def test_acknowledged_edits_survive_kill_9(own_server, document):
    seed = int(os.environ.get("QUIRE_SEED", random.randrange(1 << 30)))
    print(f"QUIRE_SEED={seed}")
    chance = random.Random(seed)
    acknowledged, sent = set(), set()
    for _ in range(ROUNDS):
        writers = [Writer(own_server, document, number) for number in range(CLIENTS)]
        for writer in writers:
            writer.start()
        time.sleep(chance.uniform(0.2, 1.0))
        own_server.kill()
        for writer in writers:
            writer.join(15)
            assert writer.failure is None, writer.failure
            assert not writer.is_alive()
            acknowledged.update(writer.acknowledged)
            sent.update(writer.sent)
        own_server.start()
        text = own_server.text(document)
        missing = [mark for mark in acknowledged if mark not in text]
        assert not missing, f"{len(missing)} of {len(acknowledged)} acknowledged edits are gone"
        found = text.split("><")
        assert len(found) == len(set(found)), "an edit is there twice"
        assert len(text) == sum(len(mark) for mark in sent if mark in text), "there is something nobody sent"
    assert len(acknowledged) > 50, "the server was killed before anything happened"
    print(f"{len(acknowledged)} acknowledged edits, {len(sent) - len(acknowledged)} that were under way")


def test_a_graceful_stop_ends_with_status_0_and_keeps_everything(own_server, document):
    peer = WebSocketPeer(own_server.url).connect()
    first = peer.join(document)
    for index in range(20):
        peer.edit(document, splice(index, str(index % 10)))
    assert own_server.stop() == 0, own_server.tail()
    own_server.start()
    again = WebSocketPeer(own_server.url).connect()
    joined = again.join(document)
    assert joined["content"] == {"body": "01234567890123456789"}
    assert (joined["rev"], joined["epoch"]) == (20, first["epoch"])
    again.close()
