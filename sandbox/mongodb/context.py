"""What every command uses."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from .documents import Document, Value, decode
from .errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .cursors import Cursors
    from .scram import Session, User
    from .store import Store
    from .wire import Request

    Handler = Callable[["Context", "Command"], Document]

T = TypeVar("T")


@dataclass(frozen=True)
class Context:
    """The server's parts.

    Attributes:
        user: who may use the server; None: everybody.
    """

    store: Store
    cursors: Cursors
    user: User | None = None
    connection_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))


@dataclass(frozen=True)
class Command:
    """A request, with its arguments checked as they are read, and the connection that it came from."""

    request: Request
    client: Session

    @property
    def name(self) -> str:
        """The command's name."""
        return self.request.command

    @property
    def database(self) -> str:
        """The database that it is for."""
        return self.text("$db")

    @property
    def collection(self) -> str:
        """The collection that it is for, which its first field names."""
        return self.text(self.name)

    @property
    def namespace(self) -> str:
        """Database and collection."""
        return f"{self.database}.{self.collection}"

    def text(self, name: str) -> str:
        """A string argument that must be there."""
        return self._checked(name, self.request.body.get(name), str)

    def document(self, name: str) -> Document:
        """A document argument; empty when it is not given."""
        return self._checked(name, self._given(name, {}), dict)

    def array(self, name: str) -> list[Value]:
        """An array argument, from the body or a document sequence; empty when it is not given."""
        if name in self.request.sequences:
            return [decode(raw) for raw in self.request.sequences[name]]
        return self._checked(name, self._given(name, []), list)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean argument; drivers send numbers as well."""
        return bool(self._given(name, default))

    def number(self, name: str) -> int | None:
        """A whole number, or None when it is not given; raises CommandError 2 for a negative one."""
        value = self._given(name, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            raise CommandError(14, f"BSON field '{self.name}.{name}' must be a whole number, not {value!r}")
        return int(value)

    def has(self, name: str) -> bool:
        """Whether an argument is given and not null."""
        return self._given(name, None) is not None

    def _given(self, name: str, default: Value) -> Value:
        value = self.request.body.get(name)
        return default if value is None else value

    def _checked(self, name: str, value: Value, kind: type[T]) -> T:
        if not isinstance(value, kind):
            raise CommandError(
                14, f"BSON field '{self.name}.{name}' must be a {kind.__name__}, not {type(value).__name__}"
            )
        return value
