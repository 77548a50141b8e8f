"""What a cloud service type is, and what it makes of one row of the source."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from plugin.options import Options
    from plugin.source import Row, Source
    from plugin.tasks import Page

PROVIDER: Final = "portfolio"
GROUP: Final = "Investment"
REGION: Final = "global"


@dataclass(frozen=True, slots=True)
class Record:
    """One resource, before it is a message.

    Attributes:
        resource_id: What makes it the same resource the next time; stable, unique within its type.
        name: What people call it.
        external_link: Its page for people.
        data: Plain JSON; what the source leaves out is left out here.
        tags: Short texts to search and group by.
        account: Whose it is.
        instance_type: What kind of thing within the type, where that says anything.
    """

    resource_id: str
    name: str
    external_link: str
    data: dict[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)
    account: str | None = None
    instance_type: str | None = None


@dataclass(frozen=True, slots=True)
class CloudServiceType:
    """One kind of resource that this plugin collects.

    Attributes:
        name: Its name, unique in the group.
        metadata: Its dynamic UI, made with `plugin.ui`.
        pages: How the options' wish splits into pages.
        fetch: Asks the source for a page.
        identify: Names a row in an error: must work on any row.
        record: Makes a resource of a row; KeyError, TypeError or ValueError where a row lacks what it needs.
        labels: For people to find the type by.
        tags: The console reads `spaceone:icon`.
        is_primary: Whether the console counts it among the main types of its provider.
    """

    name: str
    metadata: Mapping[str, Any]
    pages: Callable[[Options], list[Page]]
    fetch: Callable[[Source, Options, Page], list[Row]]
    identify: Callable[[Row], str]
    record: Callable[[Row, Options], Record]
    labels: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    is_primary: bool = True


def utc(value: object) -> str | None:
    """A time of the source as ISO 8601 in UTC, in whole seconds or with its milliseconds; None stays None.

    Raises:
        ValueError: It is no time in ISO 8601.
    """
    if value is None:
        return None
    time = datetime.fromisoformat(str(value))
    time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    return time.isoformat(timespec="milliseconds" if time.microsecond else "seconds").replace("+00:00", "Z")


def present(**values: object) -> dict[str, Any]:
    """The values that there are: what is None, or an empty dict, is left out."""
    return {key: value for key, value in values.items() if value is not None and value != {}}
