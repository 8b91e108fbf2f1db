"""The README's examples, as they stand there."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import requests
from playwright.sync_api import expect

from quire import Server, binary
from test_browser import chromium  # noqa: F401

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def test_the_python_example_works_as_it_stands(server):
    [example] = [one for one in re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL) if "socketio" in one]
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


# What stands for `sudo` and `systemctl` in a test: the server is the test's own, and belongs to nobody else.
SHIMS = {
    "sudo": 'exec "$@"',
    "quire": 'exec "$QUIRE_BINARY" "$@"',
    "systemctl": """case "$1" in
        stop) kill -TERM "$(cat "$FOLDER/pid")"; while kill -0 "$(cat "$FOLDER/pid")" 2>/dev/null; do sleep 0.05; done ;;
        start) rm -f "$FOLDER/port"
            "$QUIRE_BINARY" serve --port "$PORT" --port-file "$FOLDER/port" --database "$FOLDER/lib/quire.sqlite" \
                >>"$FOLDER/log" 2>&1 & echo $! >"$FOLDER/pid"
            while [ ! -s "$FOLDER/port" ]; do sleep 0.05; done ;;
        *) exit 64 ;;
        esac""",
}


def test_the_operators_commands_work_as_they_stand(tmp_path):
    section = re.search(r"^## Look after it\n(.*?)^## ", README.read_text(), re.DOTALL | re.MULTILINE).group(1)
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    assert len(blocks) == 4
    (tmp_path / "bin").mkdir()
    (tmp_path / "lib").mkdir()
    for name, text in SHIMS.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    environment = {
        **os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "FOLDER": str(tmp_path),
        "QUIRE_BINARY": str(pathlib.Path(binary()).resolve()), "PORT": "0", "no_proxy": "127.0.0.1",
    }

    def run(commands: str) -> str:
        for place, stand_in in (("/var/lib/quire", "lib"), ("/var/backups/quire", "backups")):
            commands = commands.replace(place, str(tmp_path / stand_in))
        commands = commands.replace("http://127.0.0.1:8080", f"http://127.0.0.1:{environment['PORT']}")
        ended = subprocess.run(["sh", "-ec", commands], env=environment, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 0, (commands, ended.stdout, ended.stderr)
        return ended.stdout

    def edit(text: str) -> None:
        url = f"http://127.0.0.1:{environment['PORT']}/v1/docs"
        requests.post(url, json={"id": "hello"}, timeout=5)
        requests.patch(f"{url}/hello", json={"ops": [{"text": "body", "at": 0, "insert": text}]}, timeout=5).raise_for_status()

    run("systemctl start quire")
    try:
        environment["PORT"] = (tmp_path / "port").read_text().strip()
        edit("Hello")
        assert "today.sqlite: " in run(blocks[0])
        assert "everything is as it was written" in run(blocks[1])
        edit("Not in the backup. ")
        assert run(blocks[2]) == '{"status":"ok"}'
        out = run(blocks[3])
        assert "Hello" in out and "Not in the backup" not in out
        assert "older than what was acknowledged" in (tmp_path / "log").read_text()
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
        time.sleep(0.2)
