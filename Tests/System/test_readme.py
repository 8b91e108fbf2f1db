"""The README's examples, as they stand there."""

import pathlib
import re
import subprocess
import sys

from playwright.sync_api import expect

from quire import Server
from test_browser import chromium  # noqa: F401

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def test_the_python_example_works_as_it_stands(server):
    [example] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    address = 'server = "http://127.0.0.1:8080"'
    assert address in example
    example = example.replace(address, f'server = "{server.url}"')
    for expected in ("{} at revision 0", "Hello from Python. '} at revision 1"):
        run = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, timeout=30)
        assert run.returncode == 0, run.stderr
        assert expected in run.stdout and "on disk as revision" in run.stdout
    assert server.text("hello") == "Hello from Python. Hello from Python. "


def test_the_page_of_the_readme_is_shared(chromium, tmp_path):  # noqa: F811
    [page] = re.findall(r"```html\n(.*?)```", README.read_text(), re.DOTALL)
    [script] = [one for one in re.findall(r"```js\n(.*?)```", README.read_text(), re.DOTALL) if "bindTextarea" in one]
    assert len((page + script).splitlines()) <= 30
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "index.html").write_text(page)
    (folder / "shared.js").write_text(script)
    server = Server(tmp_path, "--samples", str(folder)).start()
    try:
        ada, grace = chromium.new_context().new_page(), chromium.new_context().new_page()
        for window in (ada, grace):
            window.goto(server.url)
            expect(window.locator("#state")).to_have_text("live: Stored", timeout=20_000)
        ada.locator("textarea").press_sequentially("Hello")
        expect(grace.locator("textarea")).to_have_value("Hello", timeout=20_000)
        grace.locator("textarea").press("End")
        grace.locator("textarea").press_sequentially(" to you")
        expect(ada.locator("textarea")).to_have_value("Hello to you", timeout=20_000)
        expect(ada.locator("#state")).to_have_text("live: Stored", timeout=20_000)
        assert server.text("hello") == "Hello to you"
    finally:
        server.stop()
