"""A disk and a clock that go wrong when a test says so: `shim.c` under the server, and the page that drives it."""

import errno
import mmap
import os
import pathlib
import shutil
import struct
import subprocess

import pytest

from quire import Server

SOURCE = pathlib.Path(__file__).with_name("shim.c")
# In the order of `struct page`.
ORDERS = [
    "write_errno", "write_parts", "write_skip", "write_growth_only", "short_every", "write_delay", "sync_errno", "sync_parts",
    "sync_skip", "sync_delay", "cut_errno", "open_errno", "clock_offset", "writeback", "read_errno", "read_parts",
]
COUNTS = [
    "writes", "writes_spoilt", "writes_short", "syncs", "syncs_spoilt", "cuts", "cuts_spoilt", "opens", "opens_spoilt", "clocks",
    "reads_spoilt",
]
NAMES = ORDERS + COUNTS
DATABASE, LOG, INDEX = 1, 2, 4
BOTH = DATABASE | LOG
ENOSPC, EROFS, EIO, EACCES = errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES


def compile_shim(folder: pathlib.Path) -> pathlib.Path:
    """The library, made by the toolchain's clang."""
    swift = shutil.which("swift")
    beside = pathlib.Path(swift).resolve().with_name("clang") if swift else None
    clang = str(beside) if beside and beside.exists() else shutil.which("clang") or shutil.which("cc")
    assert clang, "there is no C compiler"
    library = folder / "faults.so"
    command = [clang, "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(library), str(SOURCE), "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    return library


class Disk:
    """The shared page: `disk.sync_errno = EIO`, `disk.syncs_spoilt`. `well()` ends every fault."""

    def __init__(self, folder: pathlib.Path, library: pathlib.Path, power: pathlib.Path | None = None, seed: int = 1):
        path = folder / "faults.page"
        path.write_bytes(bytes(4096))
        self.__dict__["file"] = open(path, "r+b")
        self.__dict__["page"] = mmap.mmap(self.file.fileno(), 4096)
        environment = {"LD_PRELOAD": str(library), "QUIRE_FAULTS": str(path), "QUIRE_FAULTS_MATCH": "quire.sqlite"}
        if power:
            environment |= {"QUIRE_FAULTS_DISK": str(power), "QUIRE_FAULTS_SEED": str(seed)}
        self.__dict__["environment"] = environment

    def __getattr__(self, name):
        return struct.unpack_from("<q", self.page, 8 * NAMES.index(name))[0]

    def __setattr__(self, name, value):
        struct.pack_into("<q", self.page, 8 * NAMES.index(name), value)

    def set(self, **orders):
        """Several at once; the codes last, so that none is in effect half."""
        for name, value in sorted(orders.items(), key=lambda order: order[0].endswith("errno")):
            setattr(self, name, value)

    def well(self):
        for name in sorted(ORDERS, key=lambda name: not name.endswith("errno")):
            setattr(self, name, 0)


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    return compile_shim(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def disk(tmp_path, shim):
    return Disk(tmp_path, shim)


@pytest.fixture
def faulty_server(tmp_path, disk):
    """A server over the shim, which was hit: one that catches nothing would let every test pass."""
    one = Server(tmp_path, environment=disk.environment).start()
    assert disk.writes > 0 and disk.syncs > 0 and disk.opens > 0, "the library is not between SQLite and the kernel"
    yield one
    disk.well()
    one.stop()
