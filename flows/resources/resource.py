"""One thing that a manifest declares, in the words of the generation that shall hold it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Record = Mapping[str, Any]


class Scope(StrEnum):
    """Whose token a call wants (2.x tells them apart; 1.12 knows one)."""

    DOMAIN = "domain"
    WORKSPACE = "workspace"


@dataclass(frozen=True)
class Writer:
    """A call that changes some fields of a resource that exists.

    Attributes:
        verb: Such as `update`.
        fields: The declared fields that it takes.
        together: Whether it wants all of its fields whenever one of them changes.
    """

    verb: str
    fields: tuple[str, ...]
    together: bool = False


@dataclass(frozen=True)
class Reference:
    """Stands, anywhere in a value, for the id of another resource of the same plan."""

    kind: str
    name: str


def _as_is(record: Record) -> Record:
    return record


def _nothing(_listed: Sequence[Record]) -> str:
    return ""


@dataclass(frozen=True)
class Resource:
    """What the platform must hold, and how it is asked and told.

    Attributes:
        kind: `schema`, `provider`, …
        name: How people call it.
        file: The manifest's file that declares it, for messages.
        api: `service.Resource`, such as `identity.Provider`.
        id_field: The field of a record that identifies it to the platform.
        query: Parameters of `list` that find it; with a `Reference` to what is not there yet, it is not there either.
        listing: What `list` wants to list all of the kind.
        declared: The fields that it shall have; a `Reference` in them is an id.
        scope: Whose token reads and writes it.
        matches: Which of the listed records is meant, where `query` cannot say so.
        observed: A record's fields under the names of `declared`.
        create_params: The request of `create`, from the declared fields; None where there is none, and `obstacle`
            says so of what is missing.
        create_timeout: Seconds that a create may take.
        writers: The calls that change it, in order; a declared field that none takes cannot be changed.
        clearable: Fields that the platform also takes empty; an empty value of any other is lost on the wire.
        unreadable: Declared fields that the platform never shows.
        hidden: Declared fields that must not be shown.
        notes: What this generation stores under another name, or does not support.
        obstacle: Why the platform cannot hold it as declared, given all that `query` lists; empty where it can.
    """

    kind: str
    name: str
    file: str
    api: str
    id_field: str
    query: Mapping[str, Any]
    declared: Mapping[str, Any]
    scope: Scope = Scope.DOMAIN
    listing: Mapping[str, Any] = field(default_factory=dict)
    matches: Callable[[Record], bool] = lambda _record: True
    observed: Callable[[Record], Record] = _as_is
    create_params: Callable[[Record], Record] | None = _as_is
    create_verb: str = "create"
    create_timeout: float = 60.0
    writers: tuple[Writer, ...] = ()
    clearable: frozenset[str] = frozenset()
    unreadable: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    obstacle: Callable[[Sequence[Record]], str] = _nothing

    @property
    def key(self) -> tuple[str, str]:
        """Kind and name: what a `Reference` points at."""
        return self.kind, self.name
