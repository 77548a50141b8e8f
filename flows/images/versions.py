"""Versions that SpaceONE can sort.

The repository service takes every tag of an image for a version. With some types of registry it sorts them all, and a
single tag that is none makes it list nothing, for ever: such an image must never be pushed. The rules are those of its
connectors: `HarborConnector.get_tags` uses StrictVersion in 1.12 and `packaging.version.parse` in 2.x.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from flows.manifest.registries import REGISTRY_TYPES

_STRICT = re.compile(r"[0-9]+\.[0-9]+(\.[0-9]+)?([ab][0-9]+)?", re.ASCII)
_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)*", re.ASCII)
_NUMBERS = re.compile(r"([0-9]+)\.([0-9]+)(?:\.([0-9]+))?([-.+a-z].*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a generation of SpaceONE can sort.

    Attributes:
        generation: "1.12" or "2.x".
        registry: The type of the registry.
        form: The form of a version, for people.
    """

    generation: str
    registry: str
    form: str

    def allows(self, tag: str) -> bool:
        """Whether SpaceONE can sort a tag as a version."""
        return bool(_STRICT.fullmatch(tag)) if self.generation == "1.12" else _is_pep_440(tag)

    def __str__(self) -> str:
        return f"SpaceONE {self.generation} sorts all tags of a {self.registry} repository as versions, {self.form}"


_RULES = {
    "1.12": "N.N or N.N.N, each of them with aN or bN behind it if at all (Python's StrictVersion)",
    "2.x": "such as 1.0, 1.0.0, 1.0rc1 or 1.0.dev3 (PEP 440)",
}


def rule(generation: str, registry: str) -> Rule | None:
    """How an installation sorts the tags of a repository; None if it does not.

    Args:
        generation: "1.12" or "2.x".
        registry: The type of the registry, as the plugin's `registry_type` names it.
    """
    known = REGISTRY_TYPES.get(registry)
    return Rule(generation, registry, _RULES[generation]) if known and known.sorted else None


def suggestion(version: str) -> str:
    """A version that every rule allows, like the one that was refused."""
    found = re.search(r"[0-9]+\.[0-9]+(\.[0-9]+)?", version, re.ASCII)
    return found[0] if found else "0.1.0"


class Part(StrEnum):
    """Which number of a version is raised."""

    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"


def bumped(version: str, part: Part) -> str:
    """The next version: 0.1.2 becomes 0.1.3, 0.2.0 or 1.0.0; 0.2.0rc1 becomes 0.2.0 by `patch`.

    Raises:
        ValueError: It does not begin with N.N or N.N.N.
    """
    found = _NUMBERS.fullmatch(version)
    if not found:
        raise ValueError(f"{version!r} does not begin with N.N or N.N.N")
    major, minor, patch = (int(number or 0) for number in found.groups()[:3])
    if part is Part.MAJOR:
        return f"{major + 1}.0.0"
    if part is Part.MINOR:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch if found[4] else patch + 1}"


def _is_pep_440(tag: str) -> bool:
    if _PLAIN.fullmatch(tag):
        return True
    from packaging.version import InvalidVersion, Version

    try:
        Version(tag)
    except InvalidVersion:
        return False
    return True
