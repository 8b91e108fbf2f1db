"""The sample clients, as programs of their own: what they print, and what others in the conversation see of them."""

import pathlib
import subprocess
import sys

import pytest

import tokens
from gateways import Visitor

CLIENTS = pathlib.Path(__file__).resolve().parents[2] / "samples/clients"
TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": []}


def run(url, *arguments):
    command = [sys.executable, str(CLIENTS / "python_chat.py"), url, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_sample_is_short():
    assert len((CLIENTS / "python_chat.py").read_text().splitlines()) < 120


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=list(TRANSPORTS))
def test_from_connecting_with_a_token_to_leaving(closed_server, document, transports):
    grace = Visitor(closed_server.url, "/chat", "/rooms", auth={"token": tokens.make(sub="grace", name="Grace")})
    grace.call("joinChat", {})
    grace.call("joinRoom", {"room": document}, namespace="/rooms")
    options = [option for name in transports for option in ("--transport", name)]
    program = run(
        closed_server.url, "--token", tokens.make(sub="ada", name="Ada"), "--room", document, "--message", "Hi 😀", *options
    )
    assert program.returncode == 0, program.stdout + program.stderr
    lines = program.stdout.splitlines()
    # One greeting for each of the namespaces.
    assert lines.count("in as Ada") == 2
    for line in [
        "Ada joined", "online: Ada, Grace", "Ada: Hi 😀", f"Ada joined in {document}", f"2 in {document}",
        f"Ada in {document}: Hi 😀", f"members of {document}: 2, with me", f"left {document}",
    ]:
        assert lines.count(line) == 1, (line, lines)

    assert grace.wait_for("userJoined")["username"] == "Grace"
    assert grace.wait_for("userJoined")["username"] == "Ada"
    assert [grace.wait_for("userTyping")["isTyping"] for _ in range(2)] == [True, False]
    assert grace.wait_for("newMessage")["message"] == "Hi 😀"
    assert grace.wait_for("userLeft")["username"] == "Ada"
    assert grace.wait_for("newRoomMessage", "/rooms")["message"] == "Hi 😀"
    assert grace.wait_for("userLeftRoom", "/rooms")["username"] == "Ada"
    grace.close()


def test_a_guest_has_a_name(server, document):
    program = run(server.url, "--name", "Una", "--room", document)
    assert program.returncode == 0, program.stderr
    assert "Una: Hello from Python" in program.stdout


def test_whoever_has_no_good_token_is_told(closed_server):
    program = run(closed_server.url, "--token", "x.y.z")
    assert program.returncode == 1 and program.stderr.startswith("not let in:")
