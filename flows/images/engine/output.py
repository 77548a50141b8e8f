"""The Docker engine's stream of events, as lines for people."""

from __future__ import annotations

import re
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from flows.text import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_STEP = re.compile(r"Step \d+/\d+ : ")
_LONGEST_STEP = 300
"""Characters: a step may be a label with the list of a source's files."""
_NOISE = {"Preparing", "Waiting", "Verifying Checksum", "Pulling fs layer"}
_EVERY_SECONDS = 1.0


class Output:
    """Passes events on as complete lines, and keeps what an error message needs.

    Attributes:
        step: The current build step, "2/7 : RUN ...".
        tail: The last lines of that step, oldest first.
        image_id: The image that was built, `sha256:...`.
        digest: The manifest that was pushed, `sha256:...`.
        error: The engine's or the registry's error message, if there is one.
    """

    def __init__(self, on_output: Callable[[str], None] | None, *, keep: int = 20) -> None:
        self.step: str | None = None
        self.tail: deque[str] = deque(maxlen=keep)
        self.image_id: str | None = None
        self.digest: str | None = None
        self.error: str | None = None
        self._on_output = on_output or (lambda _line: None)
        self._partial = ""
        self._shown_at = float("-inf")

    def take(self, event: Mapping[str, Any]) -> None:
        """Take one event of a build or a push."""
        if "stream" in event:
            *lines, self._partial = re.split(r"[\r\n]+", self._partial + str(event["stream"]))
            for line in lines:
                self._line(line)
        if "aux" in event:
            self.image_id = event["aux"].get("ID", self.image_id)
            self.digest = event["aux"].get("Digest", self.digest)
        if "status" in event:
            self._status(event)
        if "error" in event:
            detail = event.get("errorDetail") or {}
            self.error = str(detail.get("message") or event["error"]).strip()

    def close(self) -> None:
        """Pass on a last line without a line break."""
        self._line(self._partial)
        self._partial = ""

    def _line(self, line: str) -> None:
        if not line.strip():
            return
        if _STEP.match(line):
            line = shortened(line, _LONGEST_STEP)
            self.step = line.removeprefix("Step ")
            self.tail.clear()
        elif not line.startswith((" --->", "Removing intermediate container")):
            self.tail.append(line)
        self._on_output(line)

    def _status(self, event: Mapping[str, Any]) -> None:
        status = str(event["status"])
        if status in _NOISE:
            return
        if event.get("progressDetail"):  # many per second and layer: one per second is enough
            if time.monotonic() - self._shown_at < _EVERY_SECONDS:
                return
            self._shown_at = time.monotonic()
            status = f"{status} {event.get('progress', '')}".strip()
        self._on_output(f"{event['id']}: {status}" if event.get("id") else status)
