"""Power cuts: the files afterwards are what was synced, and of the rest whatever sectors the disk liked to write.

`shim.c` keeps that copy. A sync that fails leaves the copy without what it should have written, and no later sync makes that good, as on
Linux: what only the kernel's memory has is gone.
"""

import shutil
import time

from faults.clients import Crowd, seeded
from faults.disk import EIO, LOG, BOTH, Disk, shim  # noqa: F401
from faults.ledger import Ledger
from quire import Server
from wire import WebSocketPeer, splice

CUTS = 25


class Machine:
    """A server whose power can be cut."""

    def __init__(self, folder, library, seed):
        self.folder, self.copy = folder / "files", folder / "power"
        self.folder.mkdir()
        self.copy.mkdir()
        self.disk = Disk(self.folder, library, self.copy, seed)
        self.server = Server(self.folder, "--snapshot-revisions", "30", "--idle-seconds", "1", environment=self.disk.environment).start()
        assert (self.copy / "copy").exists() and self.disk.syncs > 0

    def cut(self):
        """The process is gone, and the files are what the disk has of them."""
        self.server.kill()
        for suffix in ("", "-wal", "-shm"):
            (self.folder / f"quire.sqlite{suffix}").unlink(missing_ok=True)
        for suffix in ("", "-wal"):
            if (self.copy / f"copy{suffix}").exists():
                shutil.copyfile(self.copy / f"copy{suffix}", self.folder / f"quire.sqlite{suffix}")
        (self.folder / "quire.sqlite.lock").unlink(missing_ok=True)


def test_power_cuts_lose_nothing_that_was_acknowledged(tmp_path, shim):  # noqa: F811
    seed, chance = seeded()
    machine, ledger = Machine(tmp_path, shim, seed), Ledger()
    disk, server = machine.disk, machine.server
    names, failures = ["power-a", "power-b"], 0
    with Crowd(server.url, 8, lambda: names, ledger, seed) as crowd:
        for _ in range(CUTS):
            disk.writeback = chance.choice([0, 100, 500, 950])
            time.sleep(chance.uniform(0.1, 0.5))
            if chance.random() < 0.4:
                # Syncs fail for a while; the power goes then, or the process first and the power later.
                disk.set(sync_errno=EIO, sync_parts=chance.choice([LOG, BOTH]), sync_skip=chance.randrange(3))
                time.sleep(chance.uniform(0.01, 0.1))
                failures += 1
                if chance.random() < 0.5:
                    server.kill()
                    disk.well()
                    server.start()
                    time.sleep(chance.uniform(0.1, 0.3))
            machine.cut()
            disk.well()
            server.start()
            ledger.compare(server.url, names)
            crowd.check()
        crowd.stop()
    server.kill()
    print(f"{CUTS} power cuts, {failures} of them with failed syncs; {ledger.summary()}")
    assert sum(map(len, ledger.acknowledged.values())) > 10 * CUTS and failures > 3


def test_what_a_process_left_unsynced_is_nothing_to_build_upon(tmp_path, shim):  # noqa: F811
    """A sync fails and the process dies. The next one finds the commit in the kernel's memory, and then the power goes."""
    machine = Machine(tmp_path, shim, 1)
    disk, server = machine.disk, machine.server
    ada = WebSocketPeer(server.url).connect()
    assert ada.join("doc")["ok"] and ada.edit("doc", splice(0, "1"))["ok"]
    disk.set(sync_errno=EIO, sync_parts=LOG)
    assert ada.edit("doc", splice(0, "2"))["error"]["code"] == "STORE_FAILED"
    server.kill()
    disk.well()
    server.start()
    assert server.text("doc") == "21", "this kernel forgot it by itself, and the test shows nothing"
    grace = WebSocketPeer(server.url).connect()
    assert grace.join("doc")["ok"] and grace.edit("doc", splice(0, "3"))["ok"]
    machine.cut()
    server.start()
    assert server.text("doc") == "321"
    server.kill()
