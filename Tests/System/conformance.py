"""Runs ConformanceServer, and speaks to it in raw requests and frames."""

import json
import os
import pathlib
import subprocess
import time

import requests
import websocket

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEPARATOR = "\x1e"
TIMEOUT = 10


def binary() -> str:
    """The program under test: QUIRE_CONFORMANCE_BIN, else what stands beside the debug build of quire."""
    beside = pathlib.Path(os.environ.get("QUIRE_BIN", ROOT / ".build/debug/quire")).parent / "ConformanceServer"
    path = os.environ.get("QUIRE_CONFORMANCE_BIN", str(beside))
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"{path} is not there: run `swift build --product ConformanceServer`")
    return path


class ConformanceServer:
    """One process on a free port."""

    def __init__(self, *arguments: str):
        self.process = subprocess.Popen(
            [binary(), "--port", "0", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), line
        self.port = int(line.rsplit(":", 1)[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def is_running(self) -> bool:
        return self.process.poll() is None

    def stop(self):
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()


class Engine:
    """Engine.IO by hand on one path."""

    def __init__(self, url: str, path: str = "/engine.io/"):
        self.base = url + path
        self.http = requests.Session()

    def get(self, sid: str | None = None, session: requests.Session | None = None, **query):
        parameters = {"EIO": 4, "transport": "polling", **({"sid": sid} if sid else {}), **query}
        parameters = {key: value for key, value in parameters.items() if value is not None}
        return (session or self.http).get(self.base, params=parameters, timeout=TIMEOUT)

    def post(self, sid: str, body: str | bytes, session: requests.Session | None = None, **headers):
        data = body.encode() if isinstance(body, str) else body
        return (session or self.http).post(
            self.base,
            params={"EIO": 4, "transport": "polling", "sid": sid},
            data=data,
            headers={"Content-Type": "text/plain;charset=UTF-8", **headers},
            timeout=TIMEOUT,
        )

    def open(self) -> dict:
        """The handshake of a new polling session."""
        response = self.get()
        assert response.status_code == 200, response.text
        assert response.text[0] == "0"
        return json.loads(response.text[1:])

    def web_socket(self, sid: str | None = None, **query) -> websocket.WebSocket:
        """A WebSocket whose handshake has not been read."""
        parameters = {"EIO": 4, "transport": "websocket", **({"sid": sid} if sid else {}), **query}
        pairs = "&".join(f"{key}={value}" for key, value in parameters.items() if value is not None)
        return websocket.create_connection(f"{self.base.replace('http', 'ws', 1)}?{pairs}", timeout=TIMEOUT)

    def is_gone(self, sid: str) -> bool:
        """Whether the server refuses the session."""
        response = self.get(sid, session=requests.Session())
        if response.status_code == 400:
            assert response.json() == {"code": 1, "message": "Session ID unknown"}
            return True
        return False


def wait_for_close(socket: websocket.WebSocket, timeout: float = TIMEOUT) -> float:
    """Reads until the server has closed the WebSocket; how long that took."""
    start = time.monotonic()
    socket.settimeout(timeout)
    try:
        while True:
            opcode, _ = socket.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                break
    except (websocket.WebSocketConnectionClosedException, ConnectionError):
        pass
    return time.monotonic() - start
