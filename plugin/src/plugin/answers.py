"""One answer of the source: how long it may take and how large it may be, as a whole."""

from __future__ import annotations

import io
import time
import zlib
from typing import TYPE_CHECKING, Final

from plugin.errors import SourceBroken, SourceTooLarge, SourceUnreachable

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping

    import urllib3

MIB: Final = 1024 * 1024

TRANSFER_SECONDS: Final = 60.0
"""Seconds that an answer may take beyond the option `request_timeout`, which each of its parts has by itself.

A page of 250 coins is a quarter of a MB: a line that needs longer for it carries 4 kB a second.
"""

LARGEST: Final = 4 * MIB
"""Bytes of an answer, as it travels and again unfolded.

The largest that CoinGecko gives are prices of 250 coins in 20 currencies and pages of 250 exchanges, 1 MB at most.
Objects made of JSON take up to 25 times the room of its text, so this is also what bounds the memory.
"""

_PIECE: Final = 256 * 1024
_BUFFER: Final = 64 * 1024
_GZIP: Final = 31  # zlib's number for the format of gzip alone
_MEMBERS: Final = 16  # of one answer; usually there is one, and each costs time, even if nothing is in it


class Meter:
    """What one answer may still use of its time and its size.

    Args:
        host: Who answers, for messages.
        timeout: Seconds that each part may take.
    """

    def __init__(self, host: str, timeout: float) -> None:
        self._host = host
        self._timeout = timeout
        self._seconds = timeout + TRANSFER_SECONDS
        self._until = time.monotonic() + self._seconds
        self._bytes = 0

    @property
    def left(self) -> float:
        """Seconds that the next part may take.

        Raises:
            SourceUnreachable: No time is left.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise SourceUnreachable(
                f"{self._host} did not answer completely within {self._seconds:g} seconds."
            )
        return min(left, self._timeout)

    def count(self, size: int) -> None:
        """Count bytes that came.

        Raises:
            SourceTooLarge: They are too many.
        """
        self._bytes += size
        self.check(self._bytes)

    def check(self, size: int) -> None:
        """Refuse an answer of so many bytes; raises SourceTooLarge."""
        if size > LARGEST:
            raise SourceTooLarge(f"{self._host} answered with more than {LARGEST // MIB} MiB.")


def metered(file: io.BufferedReader, sock: socket.socket, meter: Meter) -> io.BufferedReader:
    """The same file of a socket, read within what a meter allows: status, headers, and the framing of chunks, too."""
    return io.BufferedReader(_Metered(file.detach(), sock, meter), _BUFFER)


class _Metered(io.RawIOBase):
    def __init__(self, file: io.RawIOBase, sock: socket.socket, meter: Meter) -> None:
        self._file = file
        self._socket = sock
        self._meter = meter

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int | None:  # type: ignore[override]  # RawIOBase takes any buffer
        self._socket.settimeout(self._meter.left)
        try:
            size = self._file.readinto(buffer)
        except TimeoutError:
            _ = self._meter.left  # which of the two limits it was
            raise
        self._meter.count(size or 0)
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


def body(answer: urllib3.BaseHTTPResponse, host: str, meter: Meter) -> bytes:
    """The whole body of an answer, unfolded.

    It is unfolded here and not by urllib3, so that a few bytes that unfold to many are refused when the limit is
    reached, and with no more memory than that.

    Raises:
        SourceTooLarge: It is larger than LARGEST.
        SourceBroken: It is packed in another way than was asked for, or damaged.
        SourceUnreachable: It takes too long.
        urllib3.exceptions.HTTPError: The connection broke.
    """
    meter.check(_announced(answer.headers))
    coding = answer.headers.get("Content-Encoding", "").strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip"):
        raise SourceBroken(f"{host} answered in an encoding that was not asked for.")
    pieces = iter(lambda: answer.read(_PIECE, decode_content=False), b"")
    if "gzip" not in coding:
        return b"".join(pieces)
    try:
        return b"".join(_unfolded(pieces, meter))
    except (zlib.error, EOFError):
        raise SourceBroken(f"{host} answered with something that is not gzip, though it says so.") from None


def _announced(headers: Mapping[str, str]) -> int:
    length = headers.get("Content-Length", "")
    return int(length[:20]) if length.isascii() and length.isdigit() else 0


def _unfolded(pieces: Iterator[bytes], meter: Meter) -> Iterator[bytes]:
    size = 0
    members = 1
    unpack = zlib.decompressobj(_GZIP)
    begun = False
    for piece in pieces:
        rest = piece
        while rest:
            begun = True
            # One byte more than there may be, so that too many are noticed.
            unfolded = unpack.decompress(rest, LARGEST + 1 - size)
            size += len(unfolded)
            meter.check(size)
            yield unfolded
            rest = unpack.unconsumed_tail
            if unpack.eof:  # another member of the file may follow (RFC 1952, 2.2)
                rest = unpack.unused_data
                members += 1
                if members > _MEMBERS:
                    raise EOFError
                unpack = zlib.decompressobj(_GZIP)
                begun = False
    if begun:
        raise EOFError
