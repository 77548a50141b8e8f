"""The BuildKit inside a Docker engine: which Dockerfile syntax it has, and what it says during a build.

The engine's API takes `version=2` for it (https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/
ImageBuild). Docker's Python SDK has no argument for that. It needs no buildx and no setting of the engine.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flows.images.source.buildkit import Version

PARAMETERS = {"version": "2"}
"""Of the request to build."""

_FRONTENDS: tuple[tuple[Version, Version], ...] = (
    ((29, 0), (1, 19)),
    ((28, 0), (1, 14)),
    ((27, 0), (1, 8)),
    ((26, 0), (1, 7)),
    ((25, 0), (1, 6)),
    ((24, 0), (1, 5)),
    ((23, 0), (1, 4)),
    ((20, 10), (1, 2)),
)
"""The first engine with a version of the Dockerfile syntax, the newest first: each engine vendors one BuildKit."""

_TRACE = "moby.buildkit.trace"
_STEP = re.compile(r"\[(?:\S+ )?(\d+/\d+)\] (.*)", re.DOTALL)


def frontend(engine: Mapping[str, Any]) -> Version | None:
    """Return the Dockerfile syntax of an engine's BuildKit; None if it has none.

    Args:
        engine: Its answer to `GET /version`.
    """
    if engine.get("Os", "linux") != "linux":
        return None
    number = _number(str(engine.get("Version") or ""))
    return next((syntax for since, syntax in _FRONTENDS if number >= since), None)


def is_podman(engine: Mapping[str, Any]) -> bool:
    """Whether it is Podman, whose one builder knows what BuildKit knows."""
    parts = engine.get("Components") or ()
    return any(str(part.get("Name", "")).startswith("Podman") for part in parts)


def engine_with(syntax: Version) -> str:
    """The first version of Docker with a Dockerfile syntax; "" if none is known."""
    found = [since for since, has in _FRONTENDS if has >= syntax]
    return f"{found[-1][0]}.{found[-1][1]}" if found else ""


def _number(version: str) -> Version:
    match = re.match(r"(\d+)\.(\d+)", version)
    return (int(match[1]), int(match[2])) if match else (0, 0)


class Trace:
    """Translates BuildKit's events into those of the classic builder, which `Output` reads."""

    def __init__(self) -> None:
        self._begun = set[str]()

    def events(self, event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Yield what one event of the stream says: lines, the image's id, an error."""
        if event.get("id") != _TRACE:
            yield event
            return
        status = dict[int, list[Any]]()
        for number, value in _fields(base64.b64decode(str(event.get("aux") or ""))):
            status.setdefault(number, []).append(value)
        # StatusResponse of moby/buildkit's api/services/control/control.proto: 1 vertexes, 3 logs.
        for vertex in status.get(1, ()):
            yield from self._vertex(dict(_fields(vertex)))
        for log in status.get(3, ()):
            text = dict(_fields(log)).get(4, b"")
            yield {"stream": text.decode("utf-8", "replace")}

    def _vertex(self, vertex: Mapping[int, Any]) -> Iterator[Mapping[str, Any]]:
        # Vertex: 1 digest, 3 name, 4 cached, 5 started.
        name = vertex.get(3, b"").decode("utf-8", "replace")
        digest = vertex.get(1, b"").decode("utf-8", "replace")
        if digest in self._begun or not (5 in vertex or vertex.get(4)):
            return
        self._begun.add(digest)
        step = _STEP.match(name)
        yield {"stream": f"\nStep {step[1]} : {step[2]}\n" if step else f"\n{name}\n"}


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message in protobuf's wire format: numbers, and bytes that may be text or messages."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
        elif kind == 2:
            size, at = _varint(message, at)
            yield key >> 3, message[at : at + size]
            at += size
        elif kind in {1, 5}:
            at += 8 if kind == 1 else 4
        else:
            return


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    return value, at
