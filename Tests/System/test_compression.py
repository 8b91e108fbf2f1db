"""permessage-deflate of `quire serve`, with Python's zlib at the other end."""

import os
import socket
import struct
import zlib

import pytest

from quire import Server

OFFER = "permessage-deflate; client_max_window_bits"


class Peer:
    """A WebSocket by hand, that compresses what it sends."""

    def __init__(self, server: Server):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self.socket.sendall(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Extensions: " + OFFER.encode() + b"\r\n\r\n"
        )
        self.rest = b""
        while b"\r\n\r\n" not in self.rest:
            self.rest += self.socket.recv(4096)
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
        self.answer = {name.lower(): value for name, value in lines}.get("sec-websocket-extensions")

    def take(self, count: int) -> bytes:
        while len(self.rest) < count:
            more = self.socket.recv(65536)
            assert more, "the server ended the connection"
            self.rest += more
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def receive(self) -> tuple[bool, str]:
        """The next message, and whether it was compressed."""
        first, length = self.take(2)
        if length == 126:
            (length,) = struct.unpack(">H", self.take(2))
        payload = self.take(length)
        is_compressed = bool(first & 0x40)
        if is_compressed:
            payload = zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff")
        # Attachments are bytes of any kind.
        return is_compressed, payload.decode(errors="replace")

    def send(self, text: str) -> None:
        packer = zlib.compressobj(wbits=-15)
        payload = (packer.compress(text.encode()) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        self.socket.sendall(bytes([0xC1, 0x80 | len(payload)]) + mask + masked)

    def ask(self, text: str) -> tuple[bool, str]:
        self.send(text)
        answer = self.receive()
        return answer if answer[1] != "2" else self.receive()


@pytest.mark.parametrize("threshold, is_compressed", [((), True), (("--compress-from-bytes", "100000"), False)])
def test_large_messages_are_compressed_and_small_ones_are_not(tmp_path, threshold, is_compressed):
    server = Server(tmp_path, *threshold).start()
    writer, reader = Peer(server), Peer(server)
    for peer in (writer, reader):
        assert peer.answer.startswith("permessage-deflate; server_no_context_takeover; client_no_context_takeover")
        assert peer.receive()[1].startswith("0{")
        assert peer.ask("40/docs,")[1].startswith("40/docs,")
        peer.send('42/docs,0["join",{"doc":"packed","format":"json"}]')
        while '"epoch"' not in peer.receive()[1]:
            pass
    note = "quire " * 400
    writer.send(f'42/docs,1["edit","packed",{{"rev":0,"ops":[{{"text":"body","at":0,"insert":"{note}"}}]}}]')
    messages = []
    while not messages or note not in messages[-1][1]:
        messages.append(reader.receive())
    assert messages[-1][0] == is_compressed
    assert not any(packed for packed, text in messages if len(text) < 1024)
    assert server.stop() == 0, server.tail()


def test_compression_can_be_turned_off(tmp_path):
    server = Server(tmp_path, "--compress-from-bytes", "0").start()
    assert Peer(server).answer is None
    assert server.stop() == 0, server.tail()
