"""Which of SpaceONE's servers the image of a source starts, as far as its files say so. Read, never run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from flows.images.errors import SourceError
from flows.images.source.context import DOCKERFILE
from flows.images.source.reading import read_text

if TYPE_CHECKING:
    from flows.images.source.dockerfile import Dockerfile

_MODULE = re.compile(r"[A-Za-z_]\w*")
_SERVICE = re.compile(r"spaceone\.[a-z_]+")
_SERVER = re.compile(
    r"^from[ \t]+(spaceone\.\w+\.plugin\.\w+)\.lib(?:\.server)?[ \t]+import\b.*PluginServer", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Started:
    """A server of SpaceONE's framework.

    Attributes:
        package: Of a plugin server, its kind's package, such as `spaceone.monitoring.plugin.webhook`; otherwise that
            of the service that the plugin is written as, such as `spaceone.monitoring`.
        file: Which file says so.
    """

    package: str
    file: Path

    @property
    def sure(self) -> bool:
        """Whether the package alone says what is served; that of a service has a file that lists it."""
        return ".plugin." in self.package


def find_server(folder: Path, dockerfile: Dockerfile) -> Started | None:
    """The server that the last stage of a Dockerfile starts; None if that is not clear, or it is another one.

    `spaceone run plugin-server MODULE` starts what MODULE's main.py makes: a server of the one kind that it imports.
    `spaceone grpc PACKAGE` and `spaceone run grpc-server PACKAGE` start a package of services.
    """
    words = _command(dockerfile)
    if "spaceone" not in words:
        return None
    for word, following in pairwise(words):
        if word == "plugin-server" and _MODULE.fullmatch(following):
            path = f"src/{following}/main.py"
            try:
                found = set(_SERVER.findall(read_text(folder, path, errors="replace")))
            except (FileNotFoundError, NotADirectoryError, SourceError):
                return None
            return Started(found.pop(), folder / path) if len(found) == 1 else None
        if word in {"grpc", "grpc-server"} and _SERVICE.fullmatch(following):
            return Started(following, folder / DOCKERFILE)
    return None


def _command(dockerfile: Dockerfile) -> list[str]:
    """The words of the last stage's ENTRYPOINT and CMD."""
    commands: dict[str, list[str]] = {}
    for each in dockerfile.instructions:
        if each.keyword == "FROM":
            commands.clear()
        elif each.keyword in {"ENTRYPOINT", "CMD"}:
            commands[each.keyword] = each.words
    return [*commands.get("ENTRYPOINT", ()), *commands.get("CMD", ())]
