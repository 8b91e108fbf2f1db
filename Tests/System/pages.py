"""What tests of pages in Chromium share: the browser, a server with the SDK, waiting, networks that are cut."""

import os
import pathlib
import shutil
import time

import pytest
from playwright.sync_api import sync_playwright

from quire import ROOT, Server

#: How long a page may take, in milliseconds.
PATIENCE = 15_000
SDK = os.environ.get("QUIRE_SDK") or str(ROOT / ".build-web/sdk")


@pytest.fixture(scope="module")
def chromium():
    path = os.environ.get("QUIRE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Chromium is not installed (Debian: apt-get install chromium)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def serve(folder: pathlib.Path, *arguments: str) -> Server:
    """A server with the pages and the SDK."""
    if not pathlib.Path(SDK, "quire.wasm").exists():
        pytest.fail(f"{SDK} is not there: run Sources/QuireWeb/build, or set QUIRE_SDK")
    return Server(folder, "--sdk", SDK, *arguments).start()


def until(condition, what, patience=PATIENCE / 1000):
    """Waits until something is so, and gives it."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.03)
    raise AssertionError(f"it never came to this: {what}")


def box_of(locator) -> dict:
    """Where an element is, once it is drawn: between two frames it may be gone for a moment."""
    return until(locator.bounding_box, f"{locator} is drawn")


def box_at_rest(locator) -> dict:
    """The same, once it does not move any more."""
    last = box_of(locator)

    def rests():
        nonlocal last
        before, last = last, box_of(locator)
        return before == last and last

    return until(rests, f"{locator} is at rest")
