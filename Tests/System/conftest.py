"""Fixtures: servers on free ports with databases of their own, and where pictures go."""

import os
import pathlib
import uuid

import pytest

from quire import Server
from tokens import SECRET
from wire import WebSocketPeer, splice


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A server without a secret, shared by tests that each use documents of their own."""
    with_log = Server(tmp_path_factory.mktemp("server")).start()
    yield with_log
    status = with_log.stop()
    assert status == 0, f"the server ended with {status}:\n{with_log.tail()}"


@pytest.fixture(scope="session")
def closed_server(tmp_path_factory):
    """A server that lets nobody in without a token."""
    one = Server(tmp_path_factory.mktemp("closed-server"), "--jwt-secret", SECRET).start()
    yield one
    assert one.stop() == 0, one.tail()


@pytest.fixture
def own_server(tmp_path):
    """A server for one test, which may kill it."""
    one = Server(tmp_path).start()
    yield one
    one.stop()


@pytest.fixture
def document() -> str:
    """A document name that nothing else uses."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory) -> pathlib.Path:
    """Where screenshots go: QUIRE_ARTIFACTS, else a temporary folder."""
    folder = pathlib.Path(os.environ.get("QUIRE_ARTIFACTS") or tmp_path_factory.mktemp("artifacts"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Puts the end of the server's log beside a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        for name in ("server", "closed_server", "own_server"):
            one = getattr(item, "funcargs", {}).get(name)
            if isinstance(one, Server):
                report.sections.append((f"log of {name}", one.tail()))


@pytest.fixture(scope="session")
def healthy(server):
    """A client that edits after each case; a text of its own shows that nothing of it is lost."""
    peer = WebSocketPeer(server.url).connect({"name": "Healthy"})
    assert peer.join("healthy")["ok"]
    peer.typed = 0
    yield peer
    peer.close()


@pytest.fixture
def goes_on(server, healthy):
    """After each case: same process, same connection, and what it writes is there."""
    yield
    assert server.is_running()
    healthy.typed += 1
    assert healthy.edit("healthy", splice(0, "."))["rev"] == healthy.typed
    assert server.text("healthy") == "." * healthy.typed
