"""Reads a zip from its start while it arrives, by its local headers, for servers that cannot send a part of a file."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

LOCAL = struct.Struct("<4s5H3I2H")  # PKWARE APPNOTE 4.3.7, local file header
HEADER = b"PK\x03\x04"
DESCRIPTOR = b"PK\x07\x08"
STORED, DEFLATED = 0, 8
SIZES_FOLLOW = 1 << 3


class Damaged(Exception):
    """The bytes are no zip, or end too early."""


@dataclass(frozen=True)
class Member:
    """`sound` tells whether the bytes have the CRC that the zip names."""

    name: str
    data: bytes
    sound: bool


def members(pieces: Iterator[bytes]) -> Iterator[Member]:
    """The files of a zip in the order of their local headers. Raises Damaged."""
    flow = _Flow(pieces)
    if flow.peek(4) != HEADER:
        raise Damaged("it does not begin like a zip")
    while flow.peek(4) == HEADER:
        _, _, flags, method, _, _, crc, packed_size, _, name_length, extra = LOCAL.unpack(flow.take(LOCAL.size))
        name = flow.take(name_length).decode("utf-8", "replace")
        flow.take(extra)
        follows = bool(flags & SIZES_FOLLOW)
        if method == DEFLATED:
            data = flow.inflate(None if follows else packed_size)
        elif method == STORED and not follows:
            data = flow.take(packed_size)
        else:
            raise Damaged(f"{name} is packed in a way that cannot be read from the start")
        if follows:
            # The signature before the sizes is optional (APPNOTE 4.3.9.3).
            first = flow.take(4)
            crc = int.from_bytes(flow.take(4) if first == DESCRIPTOR else first, "little")
            flow.take(8)
        yield Member(name, data, zlib.crc32(data) == crc)


class _Flow:
    """Bytes that arrive in pieces, taken in the lengths that are needed."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._buffer = b""

    def peek(self, n: int) -> bytes:
        """The next `n` bytes, fewer at the end, without taking them."""
        while len(self._buffer) < n and (piece := next(self._pieces, b"")):
            self._buffer += piece
        return self._buffer[:n]

    def take(self, n: int) -> bytes:
        parts, missing = [self._buffer], n - len(self._buffer)
        while missing > 0:
            piece = next(self._pieces, b"")
            if not piece:
                raise Damaged(f"it ends {missing} bytes early")
            parts.append(piece)
            missing -= len(piece)
        joined = b"".join(parts)
        self._buffer = joined[n:]
        return joined[:n]

    def inflate(self, packed_size: int | None) -> bytes:
        """Unpacks `packed_size` bytes, or up to where the packed data itself says that it ends."""
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        parts: list[bytes] = []
        try:
            if packed_size is not None:
                return unpacker.decompress(self.take(packed_size))
            while not unpacker.eof:
                if not self.peek(1):
                    raise Damaged("it ends inside a file")
                parts.append(unpacker.decompress(self.take(len(self._buffer))))
        except zlib.error as error:
            raise Damaged(f"a file in it cannot be unpacked ({error})") from error
        self._buffer = unpacker.unused_data
        return b"".join(parts)
