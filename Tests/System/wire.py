"""Engine.IO and Socket.IO by hand, over WebSocket and polling, to say what a stock client never would."""

import base64
import itertools
import json
from urllib.parse import urlencode

import requests
import websocket

SEPARATOR = "\x1e"
TIMEOUT = 10


class Closed(Exception):
    """The server ended the connection."""


class Refused(Exception):
    """CONNECT_ERROR; `args[0]` is its payload."""


def parse(packet: str) -> tuple[int, int, str, int | None, object]:
    """A Socket.IO packet: type, number of attachments, namespace, id, data."""
    kind, rest, attachments, namespace, number = int(packet[0]), packet[1:], 0, "/", None
    digits = "".join(itertools.takewhile(str.isdigit, rest))
    if digits and rest[len(digits):].startswith("-"):
        attachments, rest = int(digits), rest[len(digits) + 1:]
    if rest.startswith("/"):
        namespace, _, rest = rest.partition(",")
    digits = "".join(itertools.takewhile(str.isdigit, rest))
    if digits:
        number, rest = int(digits), rest[len(digits):]
    return kind, attachments, namespace, number, json.loads(rest) if rest else None


def fill(data, attachments):
    """Data with its placeholders replaced."""
    if isinstance(data, list):
        return [fill(item, attachments) for item in data]
    if isinstance(data, dict):
        if data.get("_placeholder"):
            return attachments[data["num"]]
        return {key: fill(value, attachments) for key, value in data.items()}
    return data


def take_out(data, attachments):
    """Data with bytes replaced by placeholders; the bytes are appended to `attachments`."""
    if isinstance(data, bytes):
        attachments.append(data)
        return {"_placeholder": True, "num": len(attachments) - 1}
    if isinstance(data, (list, tuple)):
        return [take_out(item, attachments) for item in data]
    if isinstance(data, dict):
        return {key: take_out(value, attachments) for key, value in data.items()}
    return data


class Peer:
    """A Socket.IO client over whatever `send_text`, `send_bytes` and `receive` do."""

    namespace = "/docs"

    def __init__(self):
        self.numbers = itertools.count(1)
        self.events = []
        self.session = None
        self.revision = 0
        self.welcome = None

    def connect(self, auth: object = None):
        """Enters the namespace; raises Refused when it may not."""
        self.send_text(f"40{self.namespace},{json.dumps(auth or {})}")
        while True:
            kind, _, namespace, _, data = self.next_packet()
            if namespace == self.namespace and kind == 0:
                self.welcome = data
                return self
            if namespace == self.namespace and kind == 4:
                raise Refused(data)

    def next_packet(self):
        """The next packet with its attachments in place, heartbeats answered."""
        text = self.receive()
        assert isinstance(text, str), text
        packet = parse(text)
        kind, count, namespace, number, data = packet
        attachments = [self.receive() for _ in range(count)]
        return kind, count, namespace, number, fill(data, attachments)

    def emit(self, *arguments):
        """An event without an ack."""
        self._send_event("", arguments)

    def ask(self, *arguments) -> dict:
        """An event, and the payload of its ack. Events that come meanwhile are kept in `events`."""
        number = next(self.numbers)
        self._send_event(str(number), arguments)
        while True:
            kind, _, _, answered, data = self.next_packet()
            if kind in (3, 6) and answered == number:
                return data[0]
            self._keep(kind, data)

    def wait_for(self, name: str):
        """The arguments of the next event of this name."""
        while True:
            for index, (event, arguments) in enumerate(self.events):
                if event == name:
                    del self.events[index]
                    return arguments
            kind, _, _, _, data = self.next_packet()
            self._keep(kind, data)

    def _keep(self, kind, data):
        if kind in (2, 5):
            self.events.append((data[0], data[1:]))
        elif kind == 1:
            raise Closed("disconnected from the namespace")

    def _send_event(self, number, arguments):
        attachments = []
        data = json.dumps(take_out(list(arguments), attachments))
        kind = f"5{len(attachments)}-" if attachments else "2"
        self.send_text(f"4{kind}{self.namespace},{number}{data}")
        for attachment in attachments:
            self.send_bytes(attachment)

    # /docs

    def join(self, document: str, **options) -> dict:
        answer = self.ask("join", {"doc": document, "format": "json", **options})
        if answer["ok"]:
            self.session, self.revision = answer["session"], answer["rev"]
        return answer

    def edit(self, document: str, *ops, rev: int | None = None) -> dict:
        answer = self.ask("edit", document, {"rev": self.revision if rev is None else rev, "ops": list(ops)})
        if answer["ok"]:
            self.revision = answer["rev"]
        return answer


def splice(at: int, insert: str = "", delete: int = 0, text: str = "body") -> dict:
    """A thin client's operation."""
    return {"text": text, "at": at, "delete": delete, "insert": insert}


class WebSocketPeer(Peer):
    """Over a WebSocket from the start."""

    def __init__(self, url: str, headers: dict | None = None, tls: dict | None = None, **query):
        super().__init__()
        address = f"{url.replace('http', 'ws', 1)}/socket.io/?{urlencode({'EIO': 4, 'transport': 'websocket', **query})}"
        self.socket = websocket.create_connection(address, timeout=TIMEOUT, header=headers or {}, sslopt=tls)
        self.handshake = json.loads(self.socket.recv()[1:])

    def send_text(self, text: str):
        self.socket.send(text)

    def send_bytes(self, data: bytes):
        self.socket.send_binary(data)

    def receive(self):
        while True:
            try:
                kind, data = self.socket.recv_data()
            except (websocket.WebSocketConnectionClosedException, ConnectionError) as error:
                raise Closed(str(error)) from error
            if kind == websocket.ABNF.OPCODE_CLOSE:
                raise Closed(int.from_bytes(data[:2], "big") if data else None)
            if kind == websocket.ABNF.OPCODE_BINARY:
                return data
            text = data.decode()
            if text == "2":
                self.socket.send("3")
            elif text == "1":
                raise Closed("close packet")
            elif text.startswith("4"):
                return text[1:]

    def close(self):
        self.socket.close()


class PollingPeer(Peer):
    """Over long polling only."""

    def __init__(self, url: str, headers: dict | None = None, **query):
        super().__init__()
        self.base = f"{url}/socket.io/"
        self.query = {"EIO": 4, "transport": "polling", **query}
        self.http = requests.Session()
        self.http.headers.update(headers or {})
        self.waiting = []
        response = self._get()
        assert response.status_code == 200, response.text
        self.handshake = json.loads(response.text[1:])
        self.query["sid"] = self.handshake["sid"]

    def _get(self):
        return self.http.get(self.base, params=self.query, timeout=TIMEOUT)

    def post(self, body: bytes | str, **options):
        """A POST as it is; the response is the caller's to judge."""
        data = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": "text/plain;charset=UTF-8", **options.pop("headers", {})}
        return self.http.post(self.base, params=self.query, data=data, timeout=TIMEOUT, headers=headers, **options)

    def send_text(self, text: str):
        self._sent(self.post(text))

    def send_bytes(self, data: bytes):
        self._sent(self.post("b" + base64.b64encode(data).decode()))

    @staticmethod
    def _sent(response):
        if response.status_code != 200:
            raise Closed(f"{response.status_code}: {response.text}")
        assert response.text == "ok"

    def receive(self):
        while True:
            while self.waiting:
                packet = self.waiting.pop(0)
                if packet.startswith("b"):
                    return base64.b64decode(packet[1:])
                if packet == "2":
                    self.send_text("3")
                elif packet == "1":
                    raise Closed("close packet")
                elif packet.startswith("4"):
                    return packet[1:]
            response = self._get()
            if response.status_code != 200:
                raise Closed(f"{response.status_code}: {response.text}")
            self.waiting = response.content.decode().split(SEPARATOR)

    def is_alive(self) -> bool:
        """Whether the server still knows the session."""
        response = self.http.post(self.base, params=self.query, data=b"3", timeout=TIMEOUT)
        return response.status_code == 200

    def close(self):
        self.http.close()
