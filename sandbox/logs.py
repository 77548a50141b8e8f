"""The logs of parts and plugins, merged by time, and followed."""

from __future__ import annotations

import heapq
import queue
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from docker.errors import DockerException
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from docker.models.containers import Container

_POLL_SECONDS = 0.3
_END_SECONDS = 1.0


class Line(NamedTuple):
    """One line of a log.

    Attributes:
        time: when it was written, in ISO 8601; for a file when the file was written last.
        part: the part or plugin.
        text: the line.
    """

    time: str
    part: str
    text: str


class Log(Protocol):
    """The log of one part, which is read once."""

    def last(self, lines: int) -> list[Line]:
        """The last lines; 0 is all."""
        ...

    def follow(self) -> Iterator[Line]:
        """The lines that were written after those of `last`."""
        ...

    def close(self) -> None:
        """End `follow`, which another thread may be reading."""
        ...


@dataclass
class ContainerLog:
    """What a container has written to standard output and standard error."""

    part: str
    container: Container
    _seen: str = ""
    _stream: Any = None

    def last(self, lines: int) -> list[Line]:
        """The last lines; 0 is all."""
        raw = self.container.logs(timestamps=True, tail=lines or "all")
        found = [self._line(each) for each in _lines(raw)]
        self._seen = found[-1].time if found else ""
        return found

    def follow(self) -> Iterator[Line]:
        """The lines that were written after those of `last`, until the container ends."""
        # The engine's filter is less exact than its timestamps.
        since = datetime.fromisoformat(self._seen).timestamp() - 0.01 if self._seen else None
        self._stream = self.container.logs(stream=True, follow=True, timestamps=True, since=since)
        for raw in _complete(self._stream):
            if (line := self._line(raw)).time > self._seen:
                yield line

    def close(self) -> None:
        """End `follow`."""
        if self._stream is not None:
            with suppress(OSError):  # it has ended
                self._stream.close()

    def _line(self, raw: str) -> Line:
        moment, _, text = raw.partition(" ")
        return Line(moment, self.part, text)


@dataclass
class FileLog:
    """The log of a program that is no container."""

    part: str
    path: Path
    _position: int = 0
    _closed: bool = False

    def last(self, lines: int) -> list[Line]:
        """The last lines; 0 is all."""
        content = self.path.read_bytes()
        self._position = len(content)
        text = _lines(content)
        moment = datetime.fromtimestamp(self.path.stat().st_mtime, UTC).isoformat()
        return [Line(moment, self.part, line) for line in (text[-lines:] if lines else text)]

    def follow(self) -> Iterator[Line]:
        """The lines that were written after those of `last`."""
        with self.path.open("rb") as file:
            file.seek(self._position)
            while not self._closed:
                if raw := file.readline():
                    text = raw.decode(errors="replace").rstrip("\n")
                    yield Line(datetime.now(UTC).isoformat(), self.part, text)
                else:
                    time.sleep(_POLL_SECONDS)

    def close(self) -> None:
        """End `follow`."""
        self._closed = True


def merged(logs: Sequence[Log], lines: int) -> Iterator[Line]:
    """The last lines of several logs, in the order in which they were written.

    Args:
        logs: the logs.
        lines: how many lines of each; 0 is all.
    """
    return heapq.merge(*(log.last(lines) for log in logs), key=lambda line: line.time)


def follow(logs: Sequence[Log]) -> Iterator[Line]:
    """The lines of several logs that come after those of `merged`. It ends when every container has ended.

    Closing it closes the connections to the engine.
    """
    found: queue.Queue[Line | None] = queue.Queue()

    def pass_on(log: Log) -> None:
        try:
            for line in log.follow():
                found.put(line)
        except (DockerException, RequestException, HTTPError, OSError):
            pass  # the container was removed, or the engine was stopped
        found.put(None)

    threads = [threading.Thread(target=pass_on, args=(log,), daemon=True) for log in logs]
    for thread in threads:
        thread.start()
    left = len(logs)
    try:
        while left:
            line = found.get()
            if line is None:
                left -= 1
            else:
                yield line
    finally:
        for log in logs:
            log.close()
        for thread in threads:
            thread.join(_END_SECONDS)


def _lines(content: bytes) -> list[str]:
    """The lines of a log. Other separators than a line feed, such as U+2028, are part of a line."""
    return content.decode(errors="replace").removesuffix("\n").split("\n") if content else []


def _complete(chunks: Iterable[bytes]) -> Iterator[str]:
    """Whole lines: the engine may send half of one."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
