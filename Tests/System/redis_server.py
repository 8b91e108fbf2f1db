"""Runs Debian's redis-server on a free port, which a test may kill, pause and start again."""

import pathlib
import signal
import socket
import subprocess
import time

import redis


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class RedisServer:
    """One process that stores nothing."""

    def __init__(self, folder: pathlib.Path, *arguments: str, scheme: str = "redis", **client):
        self.folder, self.arguments, self.scheme, self.client = folder, arguments, scheme, client
        self.port = free_port()
        self.process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def start(self) -> "RedisServer":
        listen = () if "--tls-port" in self.arguments else ("--port", str(self.port))
        arguments = [str(self.port) if argument == "PORT" else argument for argument in self.arguments]
        command = ["redis-server", *listen, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", *arguments]
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        deadline = time.monotonic() + 20
        while True:
            try:
                self.connect().ping()
                return self
            except redis.ConnectionError:
                assert self.process.poll() is None, (self.folder / "redis.log").read_text()
                assert time.monotonic() < deadline, "redis-server does not answer"
                time.sleep(0.02)

    def connect(self) -> redis.Redis:
        return redis.Redis(host="127.0.0.1", port=self.port, socket_timeout=10, **self.client)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)
