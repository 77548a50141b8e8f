"""What a cloud service type is, and what it makes of one row of the source."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from plugin.numbers import Number
    from plugin.options import Options
    from plugin.source import Row, Source

PROVIDER: Final = "portfolio"
GROUP: Final = "Investment"
REGION: Final = "global"


@dataclass(slots=True)  # frozen, it takes three times as long to make
class Record:
    """One resource, before it is a message.

    Attributes:
        resource_id: What makes it the same resource the next time; stable, unique within its type.
        name: What people call it.
        external_link: Its page for people.
        data: Texts, numbers, booleans, and dicts and lists of them. The source's own numbers are passed on as they
            were read (`plugin.numbers.Number`), or they would be rounded. What is None is left out of the resource.
        tags: Short texts to search and group by; None is left out.
        account: Whose it is.
        instance_type: What kind of thing within the type, where that says anything.
    """

    resource_id: str
    name: str
    external_link: str
    data: dict[str, Any]
    tags: Mapping[str, str | None] = field(default_factory=dict)
    account: str | None = None
    instance_type: str | None = None


def _all(_row: Row, _options: Options) -> bool:
    return True


def _count(options: Options) -> int:
    return options.count


@dataclass(frozen=True, slots=True)
class Ranked:
    """Rows that the source gives in pages, the largest first.

    Attributes:
        page: Asks for page `number` (from 1 on) of at most `size` rows, `ranks.LARGEST` at most. Fewer rows say that
            the list ends; they are asked for once more, since an answer may have been cut off.
        count: How many rows the options ask for; more are never asked for.
        by_ids: Asks for some rows by their ids, at most `ranks.LARGEST` at once: what takes more pages than one is
            then split by ids. None where the source cannot do that.
        complete: Adds to the rows of a page what it takes further requests for.
        wanted: Whether the options want a row of a page at all; a page without any is the last.
    """

    page: Callable[[Source, Options, int, int], list[Row]]
    count: Callable[[Options], int] = _count
    by_ids: Callable[[Source, Options, Sequence[str]], list[Row]] | None = None
    complete: Callable[[Source, Options, list[Row]], None] | None = None
    wanted: Callable[[Row, Options], bool] = _all


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Rows that the source gives in one answer, all that there are.

    Attributes:
        ask: Asks for them.
    """

    ask: Callable[[Source, Options], list[Row]]


@dataclass(frozen=True, slots=True)
class CloudServiceType:
    """One kind of resource that this plugin collects.

    Attributes:
        name: Its name, unique in the group.
        metadata: Its dynamic UI, made with `plugin.ui`.
        rows: How the source gives the rows that its resources are made of.
        record: Makes a resource of a row. An exception costs this row alone: KeyError, TypeError and ValueError say
            what is wrong with it, any other is a mistake in `record`, and logged with its traceback.
        labels: For people to find the type by.
        tags: The console reads `spaceone:icon`.
        is_primary: Whether the console counts it among the main types of its provider.
    """

    name: str
    metadata: Mapping[str, Any]
    rows: Ranked | AtOnce
    record: Callable[[Row, Options], Record]
    labels: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    is_primary: bool = True


def identity(row: Row) -> str:
    """A row's id; KeyError where it has none, or one that is no text."""
    found = row.get("id")
    if type(found) is not str or not found:
        raise KeyError("id")
    return found


def utc(value: str | None) -> str | None:
    """A time of the source as ISO 8601 in UTC, in whole seconds or with its milliseconds; None stays None.

    Raises:
        ValueError: It is no time in ISO 8601.
    """
    if value is None:
        return None
    time = datetime.fromisoformat(value)
    if len(value) == 24 and value[-1] == "Z" and value[10] == "T":  # as CoinGecko says it: nothing to do
        return value if time.microsecond else value[:19] + "Z"
    time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    return time.isoformat(timespec="milliseconds" if time.microsecond else "seconds").replace("+00:00", "Z")


def utc_of(seconds: Number | None) -> str | None:
    """Seconds since 1970 as ISO 8601 in UTC; None stays None."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(float(seconds), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def trend(change: Number | None) -> str | None:
    """RISING, FALLING or STEADY; None where nobody knows the change."""
    if change is None:
        return None
    return "RISING" if change > 0 else "FALLING" if change < 0 else "STEADY"
