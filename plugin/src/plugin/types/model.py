"""What a type that this plugin collects consists of, and helpers for its `record`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from plugin.serving import CloudServiceType, Region

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from plugin.options import Options
    from plugin.serving import CloudService, Number
    from plugin.source import Row, Source

PROVIDER: Final = "portfolio"
GROUP: Final = "Investment"
REGION: Final = Region("global", "Global", PROVIDER)
"""The only region: coins are traded everywhere."""


def _all(_row: Row, _options: Options) -> bool:
    return True


def _count(options: Options) -> int:
    return options.count


@dataclass(frozen=True, slots=True)
class Ranked:
    """Rows that the source gives in pages, the largest first.

    Attributes:
        page: Requests page `number` (from 1) of `size` rows, at most `ranks.LARGEST`. Fewer rows mean the end of the
            list; such a page is requested twice, since an answer may have been cut off.
        count: How many rows the options want; no more are requested.
        by_ids: Requests rows by their ids, at most `ranks.LARGEST` at once; collections of several pages are then
            split by ids. None where the source cannot do that.
        complete: Adds to the rows of a page what takes further requests.
        wanted: Whether the options want this row; a page without a wanted row is the last.
    """

    page: Callable[[Source, Options, int, int], list[Row]]
    count: Callable[[Options], int] = _count
    by_ids: Callable[[Source, Options, Sequence[str]], list[Row]] | None = None
    complete: Callable[[Source, Options, list[Row]], None] | None = None
    wanted: Callable[[Row, Options], bool] = _all


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Rows that the source gives in one answer.

    Attributes:
        ask: Requests them all.
    """

    ask: Callable[[Source, Options], list[Row]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CollectedType(CloudServiceType):
    """A cloud service type, with the source's rows that its resources are made of.

    Attributes:
        name: Its name, unique in the group.
        rows: How the source gives the rows.
        record: Makes a resource of a row. An exception costs this row alone: KeyError, TypeError and ValueError say
            what is wrong with it, any other is a mistake in `record`, and logged with its traceback. The source's
            numbers are passed on as they were read (`plugin.serving.Number`), or they would be rounded.
    """

    group: str = GROUP
    provider: str = PROVIDER
    region_code: str | None = REGION.region_code
    exact_numbers: bool = True
    rows: Ranked | AtOnce
    record: Callable[[Row, Options], CloudService]


TREND: Final = {
    "RISING": ("Rising", "green.500"),
    "FALLING": ("Falling", "red.500"),
    "STEADY": ("Steady", "gray.500"),
}
"""The states of `trend`, each with its label and its colour in the dynamic UI."""


def identity(row: Row) -> str:
    """A row's id; KeyError where it has none, or one that is not a text."""
    found = row.get("id")
    if type(found) is not str or not found:
        raise KeyError("id")
    return found


def utc(value: str | None) -> str | None:
    """A time of the source as ISO 8601 in UTC, in whole seconds or with its milliseconds; None stays None.

    Raises:
        ValueError: It is not a time in ISO 8601.
    """
    if value is None:
        return None
    time = datetime.fromisoformat(value)
    if len(value) == 24 and value[-1] == "Z" and value[10] == "T":  # as CoinGecko writes it
        return value if time.microsecond else value[:19] + "Z"
    time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    return time.isoformat(timespec="milliseconds" if time.microsecond else "seconds").replace("+00:00", "Z")


def utc_of(seconds: Number | None) -> str | None:
    """Seconds since 1970 as ISO 8601 in UTC; None stays None."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(float(seconds), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def trend(change: Number | None) -> str | None:
    """RISING, FALLING or STEADY; None where the change is unknown."""
    if change is None:
        return None
    return "RISING" if change > 0 else "FALLING" if change < 0 else "STEADY"
