"""Who may connect at all: caps per address, budgets before a token is shown, and pages of other origins."""

import http.client
import subprocess
import time

import pytest
import requests
import socketio
import websocket

import tokens
from gateways import Visitor
from quire import UNLIMITED, Server, binary
from wire import Closed, PollingPeer, Refused, WebSocketPeer, splice

POLLING = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"


# --- Connections of one address at a time


@pytest.fixture
def capped_server(tmp_path):
    one = Server(tmp_path, "--connections-per-address", "2").start()
    yield one
    assert one.stop() == 0, one.tail()


def open_from(server, address: str) -> tuple[int, str]:
    """Opens a polling session from an address; the status and the body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10, source_address=(address, 0))
    connection.request("GET", POLLING)
    response = connection.getresponse()
    status, body = response.status, response.read().decode()
    connection.close()
    return status, body


def test_an_address_has_so_many_connections_at_a_time(capped_server):
    first, second = Visitor(capped_server.url, "/chat"), PollingPeer(capped_server.url)
    refused = requests.get(capped_server.url + POLLING, timeout=10)
    assert refused.status_code == 429
    assert (refused.json()["code"], refused.json()["retryable"]) == ("TOO_MANY_CONNECTIONS", True)
    with pytest.raises(websocket.WebSocketBadStatusException) as bad:
        WebSocketPeer(capped_server.url)
    assert bad.value.status_code == 429
    with pytest.raises(socketio.exceptions.ConnectionError):
        Visitor(capped_server.url, "/chat")

    # Neither those who are in, nor other addresses, nor HTTP besides are concerned.
    assert first.call("joinChat")["success"] and second.is_alive()
    assert open_from(capped_server, "127.0.0.2")[0] == 200
    assert requests.get(capped_server.url + "/healthz", timeout=10).status_code == 200

    # Who goes makes room for one.
    first.close()
    deadline = time.monotonic() + 10
    while (status := requests.get(capped_server.url + POLLING, timeout=10).status_code) != 200:
        assert status == 429 and time.monotonic() < deadline
    assert open_from(capped_server, "127.0.0.1")[0] == 429


# --- Before a token is shown


@pytest.fixture(scope="module")
def insider(closed_server):
    """A client that is in, and must not notice anything."""
    peer = WebSocketPeer(closed_server.url).connect({"token": tokens.make()})
    peer.join("inside-admission")
    yield peer
    peer.close()


@pytest.mark.parametrize("kind", [WebSocketPeer, PollingPeer])
def test_one_connection_tries_65_tokens_and_no_more(closed_server, insider, kind):
    peer = kind(closed_server.url)
    for number in range(65):
        with pytest.raises(Refused):
            peer.connect({"token": f"guess-{number}"})
    with pytest.raises(Closed):
        peer.connect({"token": tokens.make()})
    assert insider.edit("inside-admission", splice(0, "."))["ok"]


@pytest.mark.parametrize("kind", [WebSocketPeer, PollingPeer])
def test_whoever_is_not_in_sends_64_kib_and_no_more(closed_server, insider, kind):
    peer = kind(closed_server.url)
    for _ in range(6):
        with pytest.raises(Refused):
            peer.connect({"token": "x" * 10_000})
    with pytest.raises(Closed):
        peer.connect({"token": "x" * 10_000})
    # Once in, the limits are others.
    late = kind(closed_server.url).connect({"token": tokens.make()})
    assert late.join("inside-admission")["ok"]
    for _ in range(70):
        assert late.ask("signal", "inside-admission", "x" * 10_000)["ok"]
    late.close()
    assert insider.edit("inside-admission", splice(0, "."))["ok"]


# --- Pages of other origins

ALLOWED = ["https://app.example", "https://APP.example:443", "https://a.apps.example", "https://a.b.apps.example"]
FOREIGN = [
    "http://app.example", "https://app.example:8443", "https://app.example.evil.example", "https://evilapp.example",
    "https://apps.example", "https://evilapps.example", "https://evil.example", "null", "",
]
CREDENTIALS = "Access-Control-Allow-Credentials"
ORIGIN = "Access-Control-Allow-Origin"
PATHS = [POLLING, "/healthz", "/v1/docs/any", "/nothing"]


@pytest.fixture(scope="module")
def open_to_app(tmp_path_factory):
    """A server that lets pages of an application in, with their cookies."""
    origins = ("--allowed-origin", "https://app.example", "--allowed-origin", "https://*.apps.example")
    one = Server(tmp_path_factory.mktemp("origins"), *origins, "--allow-credentials").start()
    yield one
    assert one.stop() == 0, one.tail()


def preflight(url: str, origin: str, method: str):
    headers = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization"}
    return requests.options(url, headers=headers, timeout=10)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", ALLOWED)
def test_a_page_that_may_is_told_so_by_name(open_to_app, origin, path):
    url = open_to_app.url + path
    asked = preflight(url, origin, "POST" if path == POLLING else "GET")
    assert asked.status_code == 204
    assert "authorization" in asked.headers["Access-Control-Allow-Headers"].lower()
    for response in (asked, requests.get(url, headers={"Origin": origin}, timeout=10)):
        assert response.status_code != 403
        assert (response.headers[ORIGIN], response.headers[CREDENTIALS]) == (origin, "true")
        assert "Origin" in response.headers["Vary"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_that_may_not_is_refused_and_told_nothing(open_to_app, origin, path):
    url = open_to_app.url + path
    for response in (preflight(url, origin, "GET"), requests.get(url, headers={"Origin": origin}, timeout=10)):
        assert response.status_code == 403
        assert ORIGIN not in response.headers and CREDENTIALS not in response.headers
        assert response.json()["code"] == (4 if path == POLLING else "ORIGIN_NOT_ALLOWED")


@pytest.mark.parametrize("origin", ALLOWED + FOREIGN)
def test_a_websocket_is_open_to_the_same_pages(open_to_app, origin):
    # Browsers ask nobody before they open one.
    url = open_to_app.url.replace("http", "ws", 1) + WEBSOCKET
    headers = {"Origin": origin}
    if origin in ALLOWED:
        one = websocket.create_connection(url, timeout=10, suppress_origin=True, header=headers)
        assert one.recv().startswith("0{")
        one.close()
    else:
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            websocket.create_connection(url, timeout=10, suppress_origin=True, header=headers)
        assert refused.value.status_code == 403


def test_a_session_of_one_page_is_not_for_another(open_to_app):
    sid = PollingPeer(open_to_app.url, {"Origin": "https://app.example"}).handshake["sid"]
    for origin, status in [("https://evil.example", 403), ("https://app.example", 200)]:
        response = requests.post(f"{open_to_app.url}{POLLING}&sid={sid}", data="40", headers={"Origin": origin}, timeout=10)
        assert response.status_code == status


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_a_stock_client_comes_from_a_page_that_may(open_to_app, transport):
    def client_of(origin: str) -> socketio.Client:
        # The library for WebSockets adds an origin of its own unless it is told one.
        made = socketio.Client(reconnection=False, websocket_extra_options={"origin": origin})
        headers = {"Origin": origin} if transport == "polling" else {}
        made.connect(open_to_app.url, headers=headers, namespaces=["/chat"], transports=[transport], wait_timeout=10)
        return made

    client = client_of("https://app.example")
    assert client.call("joinChat", namespace="/chat", timeout=10)["success"]
    client.disconnect()
    with pytest.raises(socketio.exceptions.ConnectionError):
        client_of("https://evil.example")


def test_cookies_stay_at_home_unless_they_were_asked_for(tmp_path):
    server = Server(tmp_path, "--allowed-origin", "https://app.example").start()
    try:
        for path in PATHS:
            response = requests.get(server.url + path, headers={"Origin": "https://app.example"}, timeout=10)
            assert response.headers[ORIGIN] == "https://app.example" and CREDENTIALS not in response.headers
    finally:
        assert server.stop() == 0


def test_no_server_starts_that_gives_every_page_its_visitors_cookies(tmp_path):
    command = [binary(), "serve", "--port", "0", *UNLIMITED, "--allowed-origin", "*", "--allow-credentials"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0 and "--allow-credentials" in ended.stderr
