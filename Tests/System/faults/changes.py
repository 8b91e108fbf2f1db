"""Changes of the engine, encoded here from its FORMAT.md alone: a full client that needs nothing from the server."""

import struct
import zlib

FACTOR, MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1


def varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def short_sum(data: bytes) -> int:
    total = 0
    words = [int.from_bytes(data[at:at + 8], "little") for at in range(0, len(data), 8)]
    for word in [*words, len(data)]:
        total = ((total ^ total >> 32) ^ word) * FACTOR & MASK
    return total >> 56


def named(data: bytes) -> bytes:
    return varint(len(data)) + data


def change(replica: int, sequence: int, operation: bytes) -> bytes:
    """A change of one operation, which depends on nothing but the author's own."""
    author = varint(sequence << 3 | min(replica, 7)) + (varint(replica) if replica >= 7 else b"")
    body = b"\x92" + author + operation
    if len(body) < 64:
        return body + bytes([short_sum(body)])
    return body + struct.pack("<I", zlib.crc32(body))


def insert_text(root: str, text: str) -> bytes:
    """At the start of a text."""
    return b"\x04" + named(root.encode()) + named(text.encode())


def insert_item(root: str, value: str) -> bytes:
    """A string, at the start of a list."""
    return b"\x16" + named(root.encode()) + b"\x05" + named(value.encode())


def set_key(root: str, key: str, value: str) -> bytes:
    """A string, in a map."""
    return b"\x03" + named(root.encode()) + named(key.encode()) + b"\x05" + named(value.encode())


def change_set(changes: list[bytes]) -> bytes:
    """Several as one message; one as itself."""
    if len(changes) == 1:
        return changes[0]
    return b"\xc0" + varint(len(changes)) + b"".join(named(each) for each in changes)


assert change(1, 0, b"\x24\x04body" + b"Hi") == bytes.fromhex("920124") + b"\x04bodyHi\xd3", "the example of FORMAT.md"
