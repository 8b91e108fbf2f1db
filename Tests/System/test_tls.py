"""HTTPS and secure WebSockets, as browsers and stock clients use them, and what is no TLS at the same port."""

import datetime
import json
import signal
import socket
import ssl
import subprocess
import time

import pytest
import requests
import socketio
import trustme

from quire import Server, binary
from wire import TIMEOUT, WebSocketPeer, splice


class SecureServer(Server):
    """A server with a certificate for 127.0.0.1 of an authority of its own."""

    def __init__(self, folder, authority, *arguments):
        self.certificate, self.key, self.trusted = folder / "server.pem", folder / "server.key", folder / "ca.pem"
        authority.cert_pem.write_to_path(self.trusted)
        self.install(authority.issue_cert("127.0.0.1"))
        files = ("--tls-certificate", str(self.certificate), "--tls-key", str(self.key))
        super().__init__(folder, *files, *arguments)

    def install(self, issued) -> None:
        """Puts a certificate in place, as who renews one does."""
        issued.private_key_pem.write_to_path(self.key)
        for index, part in enumerate(issued.cert_chain_pems):
            part.write_to_path(self.certificate, append=index > 0)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url + path, verify=str(self.trusted), timeout=5)

    def answers(self) -> bool:
        try:
            return self.get("/healthz").status_code == 200
        except requests.RequestException:
            return False

    def peer(self) -> WebSocketPeer:
        return WebSocketPeer(self.url, tls={"ca_certs": str(self.trusted)}).connect({"name": "Ada"})

    def shown_serial(self) -> int:
        """The serial number of the certificate that a new connection is shown."""
        context = ssl.create_default_context(cafile=str(self.trusted))
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as plain:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
                return int(secure.getpeercert()["serialNumber"], 16)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def secure_server(tmp_path_factory, authority):
    one = SecureServer(tmp_path_factory.mktemp("secure"), authority).start()
    yield one
    assert one.stop() == 0, one.tail()


def test_https_pages_and_figures(secure_server):
    assert secure_server.get("/healthz").status_code == 200
    end = [line for line in secure_server.get("/metrics").text.splitlines() if line.startswith("quire_tls_certificate_end")]
    assert float(end[0].split()[1]) > time.time()
    assert f"https://127.0.0.1:{secure_server.port}/" in secure_server.log.read_text()


def test_who_trusts_another_authority_is_not_fooled(secure_server, tmp_path):
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(secure_server.url, verify=str(tmp_path / "other.pem"), timeout=5)


def test_two_edit_over_secure_web_sockets(secure_server, document):
    ada, bob = secure_server.peer(), secure_server.peer()
    ada.join(document), bob.join(document)
    # Longer than a TLS record, and than what a socket takes at once.
    text = "0123456789abcdef" * 20_000
    assert ada.edit(document, splice(0, text))["ok"]
    assert bob.wait_for("edit")[1]["ops"][0]["insert"] == text
    for index in range(200):
        ada.emit("edit", document, {"rev": ada.revision, "ops": [splice(0, str(index % 10))]})
    for _ in range(200):
        bob.wait_for("edit")
    assert secure_server.get(f"/v1/docs/{document}?format=text").text.endswith(text)
    ada.close(), bob.close()


def test_a_stock_client_polls_and_upgrades(secure_server):
    for transports in (["polling"], ["polling", "websocket"]):
        # One session each: it keeps connections, and a request on one that the server just closed is not sent again.
        session = requests.Session()
        session.verify, session.trust_env = str(secure_server.trusted), False
        client = socketio.Client(
            http_session=session,
            websocket_extra_options={"sslopt": {"ca_certs": str(secure_server.trusted)}},
        )
        # Not /docs, whose answers have attachments: this client handles each packet in a thread of its own, in any order.
        client.connect(secure_server.url, namespaces=["/chat"], transports=transports, wait_timeout=TIMEOUT)
        assert client.call("joinChat", {}, namespace="/chat", timeout=TIMEOUT)["success"]
        assert client.transport() == transports[-1]
        client.disconnect()


def test_the_swift_client_replays_over_tls(secure_server, tmp_path):
    trace = {"startContent": "", "endContent": "Hi!", "txns": [{"patches": [[i, 0, c]]} for i, c in enumerate("Hi!")]}
    (tmp_path / "trace.json").write_text(json.dumps(trace))
    command = [binary(), "replay", str(tmp_path / "trace.json"), "--url", secure_server.url]
    trusting = subprocess.run([*command, "--tls-ca", str(secure_server.trusted)], capture_output=True, text=True, timeout=60)
    assert trusting.returncode == 0, trusting.stderr
    doubting = subprocess.run([*command, "--timeout", "5"], capture_output=True, text=True, timeout=60)
    assert doubting.returncode != 0


def test_what_is_no_tls_is_closed_and_hurts_nobody(secure_server, document):
    peer = secure_server.peer()
    peer.join(document)
    for sent in (b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n", bytes(range(256)) * 40, b"\x16\x03\x01\xff\xff" + b"x" * 70_000):
        with socket.create_connection(("127.0.0.1", secure_server.port), timeout=TIMEOUT) as plain:
            try:
                plain.sendall(sent)
                while answer := plain.recv(4096):
                    assert not answer.startswith(b"HTTP"), "an answer in plain HTTP"
            except ConnectionError:
                pass
    # Gone in the middle of a handshake, and without saying so after it.
    context = ssl.create_default_context(cafile=str(secure_server.trusted))
    for _ in range(20):
        plain = socket.create_connection(("127.0.0.1", secure_server.port), timeout=TIMEOUT)
        secure = context.wrap_socket(plain, server_hostname="127.0.0.1")
        secure.sendall(b"GET /socket.io/?EIO=4&tr")
        socket.close(secure.detach())
    assert peer.edit(document, splice(0, "still here"))["ok"]
    assert " error " not in secure_server.tail()
    peer.close()


def test_old_tls_is_refused(secure_server):
    context = ssl.create_default_context(cafile=str(secure_server.trusted))
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.deprecated_call():
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", secure_server.port), timeout=TIMEOUT) as plain:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_a_renewed_certificate_is_shown_and_open_connections_stay(tmp_path, authority, document):
    server = SecureServer(tmp_path, authority).start()
    try:
        peer = server.peer()
        peer.join(document)
        first = server.shown_serial()
        # Half written, as a copy that is under way: the one before stays.
        whole = server.certificate.read_bytes()
        server.certificate.write_bytes(whole[:100])
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "could not be read again" in server.tail())
        assert server.shown_serial() == first
        server.install(authority.issue_cert("127.0.0.1"))
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: server.shown_serial() != first)
        assert peer.edit(document, splice(0, "kept"))["ok"]
        peer.close()
    finally:
        assert server.stop() == 0, server.tail()


def test_files_that_cannot_be_used_stop_the_start_with_their_names(tmp_path, authority):
    SecureServer(tmp_path, authority)
    certificate, key = str(tmp_path / "server.pem"), str(tmp_path / "server.key")
    trustme.CA().issue_cert("127.0.0.1").private_key_pem.write_to_path(tmp_path / "other.key")
    (tmp_path / "text").write_text("no certificate")
    cases = [
        ((certificate, str(tmp_path / "other.key")), "is not the key of"),
        ((str(tmp_path / "none"), key), "none cannot be read"),
        ((str(tmp_path / "text"), key), "text holds no certificate"),
        ((certificate, str(tmp_path / "text")), "text holds no private key"),
        ((certificate, None), "go together"),
    ]
    for (first, second), message in cases:
        for command in ("serve", "config"):
            options = ["--tls-certificate", first, *(["--tls-key", second] if second else [])]
            ended = subprocess.run(
                [binary(), command, "--port", "0", "--database", str(tmp_path / "db"), *options],
                capture_output=True, text=True, timeout=20,
            )
            assert ended.returncode != 0 and message in ended.stderr, (command, ended)
    assert not (tmp_path / "db").exists()


def test_a_certificate_that_is_over_is_warned_of(tmp_path, authority):
    server = SecureServer(tmp_path, authority)
    yesterday = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    server.install(authority.issue_cert("127.0.0.1", not_after=yesterday))
    with pytest.raises(RuntimeError):
        # Nobody trusts it, so it seems not to start.
        server.answers = lambda: server.process.terminate()
        server.start()
    assert "the certificate is over" in server.tail()


def wait_until(condition):
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
