"""Webhooks: a real receiver hears of everything, at least once, whatever it or the server does."""

import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import re
import socketserver
import subprocess
import threading
import time

import pytest
import requests

import tokens
from quire import Server, binary
from wire import WebSocketPeer, splice

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


class Receiver:
    """An HTTP server that keeps what it is told, and answers what it is told to answer."""

    def __init__(self):
        self.requests, self.answer, self.delay = [], (204, {}), 0.0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                time.sleep(outer.delay)
                outer.requests.append((dict(self.headers), body))
                status, headers = outer.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status == 200:
                    # A body without end: only the status counts.
                    self.end_headers()
                    try:
                        for _ in range(2_000):
                            self.wfile.write(b"x" * 65_536)
                    except OSError:
                        pass
                    self.close_connection = True
                    return
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        class Listener(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

            def handle_error(self, request, address):
                pass

        self.listener = Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.listener.server_address[1]}/hook"
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()

    def events(self, kind: str | None = None) -> list[dict]:
        found = [json.loads(body) for _, body in list(self.requests)]
        return [event for event in found if kind in (None, event["type"])]

    def wait(self, kind: str, count: int = 1, seconds: float = 15) -> list[dict]:
        deadline = time.monotonic() + seconds
        while len(self.events(kind)) < count:
            assert time.monotonic() < deadline, (kind, [event["type"] for event in self.events()])
            time.sleep(0.02)
        return self.events(kind)

    def close(self):
        self.listener.shutdown()
        self.listener.server_close()


@pytest.fixture
def receiver():
    one = Receiver()
    yield one
    one.close()


@pytest.fixture
def start(tmp_path, receiver):
    servers = []

    def make(*arguments, urls=None):
        hooks = [word for url in urls or [receiver.url] for word in ("--webhook", url)]
        retries = () if "--webhook-retry" in arguments else ("--webhook-retry", "1", "--webhook-retry", "1")
        servers.append(Server(
            tmp_path, "--jwt-secret", tokens.SECRET, "--webhook-secret", SECRET, "--webhook-quiet-seconds", "1", "--webhook-interval-seconds", "2",
            *hooks, *retries, *arguments,
        ).start())
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


ADMIN = tokens.make(tokens.claims_of(sub="ada", name="Ada", docs={"*": "admin"}))
HEADERS = {"Authorization": f"Bearer {ADMIN}"}


def get(url: str) -> requests.Response:
    return requests.get(url, headers=HEADERS, timeout=5)


def post(url: str, body: object = None) -> requests.Response:
    return requests.post(url, json=body, headers=HEADERS, timeout=5)


def type_text(server, document, count=5) -> int:
    peer = WebSocketPeer(server.url).connect({"token": ADMIN})
    peer.join(document)
    for index in range(count):
        assert peer.edit(document, splice(0, str(index % 10)))["ok"]
    revision = peer.revision
    peer.close()
    return revision


def test_everything_is_told_and_signed(start, receiver, document):
    server = start()
    revision = type_text(server, document)
    [created] = receiver.wait("document.created")
    [joined], [left] = receiver.wait("participant.joined"), receiver.wait("participant.left")
    [changed] = receiver.wait("document.changed")
    url = f"{server.url}/v1/docs/{document}"
    assert post(f"{url}/versions", {"name": "First"}).ok
    [version] = receiver.wait("version.created")
    assert requests.delete(url, headers=HEADERS, timeout=5).ok
    [deleted] = receiver.wait("document.deleted")
    assert {event["doc"] for event in receiver.events()} == {document}
    assert created["rev"] == 0 and changed["rev"] == deleted["rev"] == revision
    assert created["epoch"] == changed["epoch"] == deleted["epoch"] == version["epoch"]
    assert joined["session"] == left["session"] and joined["user"] == {"id": "ada", "name": "Ada"}
    assert (version["version"], version["name"], version["author"]["id"], version["rev"]) == (1, "First", "ada", revision)
    times = [event["time"] for event in receiver.events()]
    assert all(re.fullmatch(r"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment) for moment in times)

    [example] = [one for one in re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL) if "hmac" in one]
    names = {}
    exec(example, names)
    for sent, body in receiver.requests:
        lowered = {name.lower(): value for name, value in sent.items()}
        assert names["is_genuine"](SECRET, lowered, body)
        assert not names["is_genuine"](SECRET, lowered, body + b" ")
        assert lowered["webhook-id"] == json.loads(body)["id"]
        signed = f"{lowered['webhook-id']}.{lowered['webhook-timestamp']}.".encode() + body
        code = hmac.new(base64.b64decode(SECRET[6:]), signed, hashlib.sha256).digest()
        assert lowered["webhook-signature"] == "v1," + base64.b64encode(code).decode()
        assert abs(int(lowered["webhook-timestamp"]) - time.time()) < 30
    assert SECRET not in server.log.read_text()


def test_changes_are_told_when_people_pause_and_now_and_then(start, receiver, document):
    server = start()
    peer = WebSocketPeer(server.url).connect({"token": ADMIN})
    peer.join(document)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        assert peer.edit(document, splice(0, "x"))["ok"]
        time.sleep(0.02)
    told = receiver.events("document.changed")
    assert 1 <= len(told) <= 3, "once in two seconds of writing"
    deadline = time.monotonic() + 10
    while (receiver.events("document.changed") or [{}])[-1].get("rev") != peer.revision:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(2.5)
    assert [event["rev"] for event in receiver.events("document.changed")].count(peer.revision) == 1
    peer.close()


def test_only_what_was_asked_for(start, receiver, document):
    server = start("--webhook-event", "document.deleted", "--webhook-event", "document.created")
    type_text(server, document)
    assert requests.delete(f"{server.url}/v1/docs/{document}", headers=HEADERS, timeout=5).ok
    receiver.wait("document.deleted")
    assert {event["type"] for event in receiver.events()} == {"document.created", "document.deleted"}


def test_a_server_that_is_killed_at_any_moment_tells_all_the_same(start, receiver, document):
    """The last change is told after the restart, though nobody writes again."""
    server = start()
    for round_number in range(6):
        name = f"{document}-{round_number}"
        revision = type_text(server, name, 3 + round_number)
        time.sleep((0, 0.3, 0.9, 1.1, 1.3, 1.6)[round_number])
        server.kill()
        server.start()
        deadline = time.monotonic() + 15
        while True:
            told = {event["type"]: event for event in receiver.events() if event["doc"] == name}
            if "document.created" in told and told.get("document.changed", {}).get("rev") == revision:
                break
            assert time.monotonic() < deadline, told
            time.sleep(0.05)


@pytest.mark.parametrize("answer", [(500, {}), (302, {"location": "/elsewhere"}), (410, {})])
def test_what_is_refused_comes_again_and_is_kept_in_the_end(start, receiver, document, answer):
    receiver.answer = answer
    server = start("--webhook-event", "document.created")
    type_text(server, document)
    url = f"{server.url}/v1/webhooks/deliveries"
    deadline = time.monotonic() + 20
    while not (dead := get(url).json()["deliveries"]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert len(receiver.requests) == 3, "the first attempt and two more"
    assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 1
    [delivery] = dead
    assert (delivery["attempts"], delivery["due"], delivery["failure"]) == (3, None, f"status {answer[0]}")
    figures = get(f"{server.url}/metrics").text
    assert "quire_webhooks_dead 1\n" in figures and 'quire_webhooks_total{outcome="failed"} 3\n' in figures
    receiver.answer = (204, {})
    assert post(f"{url}/{delivery['delivery']}/retry").status_code == 200
    receiver.wait("document.created", 4)
    deadline = time.monotonic() + 5
    while get(url + "?state=waiting").json()["deliveries"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert get(url).json() == {"deliveries": [], "next": None}
    assert post(f"{url}/{delivery['delivery']}/retry").status_code == 404


def test_a_receiver_that_asks_for_time_gets_it(start, receiver, document):
    receiver.answer = (503, {"retry-after": "3"})
    server = start("--webhook-event", "document.created")
    type_text(server, document)
    receiver.wait("document.created", 1)
    receiver.answer = (204, {})
    first = time.monotonic()
    receiver.wait("document.created", 2)
    assert time.monotonic() - first > 2.5


def test_a_version_is_told_though_its_document_is_gone(start, receiver, document):
    server = start("--webhook-event", "version.created")
    for number in range(5):
        type_text(server, f"{document}-{number}", 1)
        url = f"{server.url}/v1/docs/{document}-{number}"
        assert post(f"{url}/versions", {"name": f"One \u0000 two {number}"}).ok
        assert requests.delete(url, headers=HEADERS, timeout=5).ok
    told = receiver.wait("version.created", 5)
    assert {event["name"] for event in told} == {f"One \u0000 two {number}" for number in range(5)}
    assert {(event["version"], event["author"]["name"]) for event in told} == {(1, "Ada")}


def test_what_was_given_up_does_not_silence_a_receiver_that_is_back(start, receiver, document):
    receiver.answer = (500, {})
    # Each failure in a row doubles the pause; WebhookServiceTests has the long ones.
    server = start("--webhook-event", "document.created", "--max-webhook-deliveries", "1", "--webhook-retry", "0")
    url = f"{server.url}/v1/webhooks/deliveries"
    for number in range(2):
        type_text(server, f"{document}-{number}", 1)
        deadline = time.monotonic() + 60
        while f"{document}-{number}" not in [one["doc"] for one in get(url).json()["deliveries"]]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert [one["doc"] for one in get(url).json()["deliveries"]] == [f"{document}-1"], "the newest stays"
    receiver.answer = (204, {})
    type_text(server, f"{document}-back", 1)
    deadline = time.monotonic() + 70
    while get(f"{url}?state=waiting").json()["deliveries"] or f"{document}-back" not in [e["doc"] for e in receiver.events()]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_what_waits_for_no_receiver_any_more_is_given_up(start, receiver, document, tmp_path):
    receiver.answer = (500, {})
    server = start("--webhook-event", "document.created", "--webhook-retry", "3600")
    type_text(server, document, 1)
    receiver.wait("document.created")
    assert server.stop() == 0
    other = Receiver()
    server = start("--webhook-event", "document.created", urls=[other.url])
    [dead] = get(f"{server.url}/v1/webhooks/deliveries").json()["deliveries"]
    assert dead["failure"] == "no receiver any more" and dead["receiver"] == receiver.url
    other.close()


def test_an_answer_without_end_is_taken_by_its_status(start, receiver, document):
    receiver.answer = (200, {})
    server = start("--webhook-event", "document.created")
    for number in range(5):
        type_text(server, f"{document}-{number}", 1)
    receiver.wait("document.created", 5)
    time.sleep(1.5)
    assert len(receiver.requests) == 5
    assert get(f"{server.url}/v1/webhooks/deliveries?state=waiting").json()["deliveries"] == []


def test_one_that_is_slow_or_away_keeps_nobody_waiting(start, receiver, document):
    slow = Receiver()
    slow.delay = 5
    away = "http://127.0.0.1:9/away"
    server = start(urls=[slow.url, away, receiver.url])
    started = time.monotonic()
    for number in range(10):
        type_text(server, f"{document}-{number}", 3)
    assert time.monotonic() - started < 10, "editing does not wait"
    receiver.wait("document.changed", 10)
    assert len(slow.requests) < 10
    stopping = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - stopping < 12
    slow.close()


def test_no_more_than_the_bound_is_kept(start, receiver, document):
    receiver.answer = (500, {})
    server = start("--webhook-event", "document.created", "--max-webhook-deliveries", "3", "--webhook-retry", "3600")
    for number in range(6):
        type_text(server, f"{document}-{number}", 1)
    deadline = time.monotonic() + 10
    while 'quire_webhooks_total{outcome="dropped"} 3\n' not in get(f"{server.url}/metrics").text:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "webhooks dropped" in server.log.read_text()


def test_deliveries_are_shown_to_administrators_by_the_page(start, receiver, document):
    receiver.answer = (500, {})
    server = start("--webhook-event", "document.created", "--webhook-retry", "3600")
    writer = {"Authorization": f"Bearer {tokens.make(tokens.claims_of(sub='bob', docs={'*': 'write'}))}"}
    for number in range(3):
        type_text(server, f"{document}-{number}", 1)
    receiver.wait("document.created", 3)
    url = f"{server.url}/v1/webhooks/deliveries"
    assert requests.get(url, timeout=5).status_code == 401
    assert requests.get(url, headers=writer, timeout=5).status_code == 403
    assert requests.post(f"{url}/1/retry", headers=writer, timeout=5).status_code == 403
    first = requests.get(f"{url}?state=waiting&limit=2", headers=HEADERS, timeout=5).json()
    rest = requests.get(f"{url}?state=waiting&limit=2&after={first['next']}", headers=HEADERS, timeout=5).json()
    assert [one["doc"] for one in first["deliveries"] + rest["deliveries"]] == [f"{document}-{n}" for n in range(3)]
    for query in ("state=lost", "limit=0", "after=x"):
        assert requests.get(f"{url}?{query}", headers=HEADERS, timeout=5).status_code == 400


def test_settings_that_cannot_work_stop_the_start(tmp_path):
    good = ["--webhook", "https://example.org/hook", "--webhook-secret", SECRET]
    cases = [
        (["--webhook", "https://example.org/"], "needs --webhook-secret"),
        (["--webhook", "ftp://example.org/", "--webhook-secret", SECRET], "no http(s) address"),
        (["--webhook", "https://u:p@example.org/", "--webhook-secret", SECRET], "no http(s) address"),
        (["--webhook", "https://example.org/", "--webhook-secret", "short"], "24 bytes"),
        (["--webhook", "https://example.org/", "--webhook-secret", "whsec_%%"], "base64"),
        (good + ["--webhook-event", "document.eaten"], "no event document.eaten"),
        (good + ["--webhook-retry", "soon"], "no number"),
        (good + ["--webhook-quiet-seconds", "0"], "between 1 and 86400"),
        (good + good[:2], "twice"),
    ]
    for options, message in cases:
        ended = subprocess.run([binary(), "config", *options], capture_output=True, text=True, timeout=20)
        assert ended.returncode != 0 and message in ended.stderr, (options, ended)
    shown = subprocess.run([binary(), "config", *good], capture_output=True, text=True, timeout=20)
    assert shown.returncode == 0 and SECRET not in shown.stdout
    assert "https://example.org/…" in shown.stdout and "/hook" not in shown.stdout, "what follows the host may be a secret"
