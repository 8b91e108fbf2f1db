"""The description of the HTTP interface, against a running server."""

import pathlib
import re
import subprocess
import sys

import pytest
import requests

import tokens

SETTINGS = pathlib.Path(__file__).parent / "schemathesis.toml"


def test_schemathesis_finds_nothing(closed_server):
    pytest.importorskip("schemathesis", reason="schemathesis of Tests/System/requirements.txt is not installed")
    token = tokens.make(sub="root", docs={"*": "admin"})
    command = [
        sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "--config-file", str(SETTINGS),
        "run", f"{closed_server.url}/openapi.json", "-H", f"Authorization: Bearer {token}", "--max-examples", "30",
        "--no-color",
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=closed_server.folder)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{closed_server.url}/v1/revocations", headers=headers, timeout=10).status_code == 200, "nothing was asked"
    cases = re.search(r"(\d+) generated", run.stdout)
    assert cases and int(cases[1]) > 500, run.stdout[-2000:]


def test_the_description_is_there_for_everybody(closed_server):
    answer = requests.get(f"{closed_server.url}/openapi.json", timeout=10)
    assert answer.status_code == 200 and answer.json()["openapi"] == "3.1.0"
