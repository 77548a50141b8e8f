"""One declared resource, in the fields of the platform's generation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flows.spaceone import Client

Record = Mapping[str, Any]
#: The platform's records of the resources of a plan, by kind and name.
Records = Mapping[tuple[str, str], Record]


class Scope(StrEnum):
    """Whose token a call requires (2.x distinguishes them; 1.12 has only one)."""

    DOMAIN = "domain"
    WORKSPACE = "workspace"


@dataclass(frozen=True)
class Writer:
    """A call that changes some fields of a resource that exists.

    Attributes:
        verb: Such as `update`.
        fields: The declared fields that it accepts.
        together: Whether it requires all of its fields if one of them changes.
    """

    verb: str
    fields: tuple[str, ...]
    together: bool = False


@dataclass(frozen=True)
class Reference:
    """A placeholder, anywhere in a value, for the id of another resource of the same plan."""

    kind: str
    name: str


def _as_is(record: Record) -> Record:
    return record


def _nothing(_listed: Sequence[Record]) -> str:
    return ""


def _no_objection(_records: Records, _fields: Collection[str]) -> str:
    return ""


def _never(_record: Record) -> bool:
    return False


def _always(_record: Record) -> bool:
    return True


def _none(_client: Client) -> list[Record]:
    return []


@dataclass(frozen=True)
class Resource:
    """A resource that the platform must hold, and the calls that read and write it.

    Attributes:
        kind: `schema`, `provider`, …
        name: Its name, for people.
        file: The manifest's file that declares it, for messages.
        api: `service.Resource`, such as `identity.Provider`.
        id_field: The field of a record that contains the platform's id.
        query: Parameters of `list` that find it. If they refer to a resource that does not exist yet, this one does
            not exist either.
        listing: Parameters of `list` that list all resources of the kind.
        declared: The fields that it must have; a `Reference` in them is an id.
        scope: Whose token reads and writes it.
        matches: Whether a listed record is this resource, if `query` is not exact.
        observed: A record's fields under the names of `declared`.
        create_params: Returns the request of `create` for the declared fields; None if it cannot be created, which
            `obstacle` then explains.
        create_timeout: Seconds that a create may take.
        writers: The calls that change it, in order. A declared field that no call accepts cannot be changed.
        clearable: Fields that the platform accepts empty. Protobuf does not send an empty value of any other field.
        unreadable: Declared fields that the platform never returns.
        hidden: Declared fields that must never be printed.
        preserved: Fields with a key that is the pipeline's own: an update of the field keeps it.
        notes: What this generation stores under another name, or does not support.
        obstacle: Returns why this resource is blocked, or "", from all records that `query` lists.
        objection: Returns why the platform would refuse to create or change it, or "", from the records of the
            resources before it and the names of the fields that are written.
        elsewhere: Returns records that `query` does not list.
        managed: Whether a record is the platform's own: it is used as it is, whatever is declared.
        complete: Whether the platform has finished the create of a record. It lists the record before that, and may
            take it back.
        any_of: Whether one of several matching records is enough: it is only referred to.
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
    preserved: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    obstacle: Callable[[Sequence[Record]], str] = _nothing
    objection: Callable[[Records, Collection[str]], str] = _no_objection
    elsewhere: Callable[[Client], Sequence[Record]] = _none
    managed: Callable[[Record], bool] = _never
    complete: Callable[[Record], bool] = _always
    any_of: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Kind and name, by which a `Reference` refers to it."""
        return self.kind, self.name
