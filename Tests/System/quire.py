"""Runs `quire serve` as users do: a process with a port and a database file."""

import os
import pathlib
import signal
import subprocess
import time

import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]


def binary() -> str:
    """The program under test: QUIRE_BIN, else the debug build."""
    path = os.environ.get("QUIRE_BIN", str(ROOT / ".build/debug/quire"))
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"{path} is not there: run `swift build --product quire`, or set QUIRE_BIN")
    return path


# All tests come from one address and type faster than people, so the limits on rates are out of the way.
UNLIMITED = ("--connections-per-second", "0", "--messages-per-second", "0", "--bytes-per-second", "0")


class Server:
    """One server on one database file. It can be killed and started again on the same port."""

    def __init__(
        self, folder: pathlib.Path, *arguments: str, limits: tuple[str, ...] = UNLIMITED, environment: dict[str, str] | None = None,
    ):
        self.folder = folder
        self.environment = environment
        self.arguments = (*limits, *arguments)
        self.port = 0
        self.process: subprocess.Popen | None = None
        self.log = folder / "server.log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Server":
        """Starts it and waits until it answers; on a restart, on the same port."""
        self.spawn()
        return self.wait()

    def spawn(self) -> None:
        """Starts the process."""
        port_file = self.folder / "port"
        port_file.unlink(missing_ok=True)
        command = [
            binary(), "serve", "--host", "127.0.0.1", "--port", str(self.port), "--port-file", str(port_file),
            "--database", str(self.folder / "quire.sqlite"), "--samples", str(ROOT / "samples"),
            "--sdk", str(ROOT / ".build-web/sdk"), *self.arguments,
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                env={**os.environ, **self.environment} if self.environment else None,
            )

    def wait(self) -> "Server":
        """Waits until it answers."""
        port_file = self.folder / "port"
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended at once ({self.process.returncode}):\n{self.tail()}")
            text = port_file.read_text().strip() if port_file.exists() else ""
            if text:
                self.port = int(text)
                if self.answers():
                    return self
            time.sleep(0.02)
        raise RuntimeError(f"the server did not start in time:\n{self.tail()}")

    def answers(self) -> bool:
        """Whether /healthz is fine."""
        try:
            return requests.get(f"{self.url}/healthz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """kill -9: no flush, no goodbye."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(5)

    def text(self, document: str, token: str | None = None) -> str:
        """The document as HTTP gives it."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = requests.get(f"{self.url}/v1/docs/{document}?format=text", headers=headers, timeout=10)
        response.raise_for_status()
        return response.content.decode("utf-8")

    def tail(self) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-40:]) if self.log.exists() else ""
