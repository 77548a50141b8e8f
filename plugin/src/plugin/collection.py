"""The collection itself: which work there is, and the stream of messages that comes out of it."""

from __future__ import annotations

import logging
from collections import deque
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from plugin import messages, metrics
from plugin.ahead import ahead
from plugin.errors import InvalidParameter, PluginError, SourceBroken, SourceError
from plugin.ranks import LARGEST, Page, pages
from plugin.source import Row, Source
from plugin.tasks import Task
from plugin.types import TYPES, AtOnce, CloudServiceType, Ranked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from plugin.caller import Caller
    from plugin.options import Options, Secret

_LOGGER = logging.getLogger(__name__)

_Rows = TypeVar("_Rows")
_Answer = tuple[list[Row], SourceError | None]

BY_NAME: Final = {kind.name: kind for kind in TYPES}


def whole(options: Options) -> list[Task]:
    """The work of a collection without tasks; asks the source for nothing."""
    work = [task for kind in _kinds(options) for task in _by_options(kind, options)]
    return _led(work)


def split(options: Options, secret: Secret, caller: Caller) -> list[Task]:
    """The same work as tasks of at most a page, which workers may do in parallel.

    What takes more pages than one is split by ids: they are read once, here, so that no rank moves between two
    workers. A coin that the source lists no more when its task comes becomes an error resource with its name.

    Raises:
        SourceError: The ids cannot be had, or not all of them.
    """
    work: list[Task] = []
    with closing(Source(options, secret, caller)) as source:
        for task in whole(options):
            kind = BY_NAME[task.cloud_service_type]
            ranked = kind.rows
            if task.count > LARGEST and isinstance(ranked, Ranked) and ranked.by_ids:
                ids, nameless = _index(kind, ranked, source, options, task.count)
                parts = [Task(kind.name, ids=part) for part in _parts(ids)]
                # An empty list is a task, too: it brings region, type and metrics.
                work += parts + [Task(kind.name, without_id=tuple(nameless))] * bool(nameless) or [task]
            else:
                work.append(task)
    return _led(work)


def _kinds(options: Options) -> list[CloudServiceType]:
    return [kind for kind in TYPES if kind.name in options.cloud_service_types]


def _by_options(kind: CloudServiceType, options: Options) -> list[Task]:
    if isinstance(kind.rows, AtOnce):
        return [Task(kind.name)]
    if options.ids and kind.rows.by_ids:
        return [Task(kind.name, ids=part) for part in _parts(options.ids)]
    return [Task(kind.name, count=kind.rows.count(options))]


def _led(work: list[Task]) -> list[Task]:
    return [replace(task, leads=index == 0) for index, task in enumerate(work)]


def _parts(ids: Iterable[str]) -> Iterator[tuple[str, ...]]:
    rest = iter(ids)
    while part := tuple(islice(rest, LARGEST)):
        yield part


def _index(
    kind: CloudServiceType, ranked: Ranked, source: Source, options: Options, count: int
) -> tuple[list[str], list[str]]:
    """The ids of the first so many rows, each once, the largest first; and the names of rows without an id."""
    found: dict[str, None] = {}
    nameless: dict[str, None] = {}
    short = ""
    for page in pages(count):
        rows = _page(ranked, source, options, page)
        fresh = [row for row in rows if _id(row) not in found]
        if short and fresh:
            raise SourceBroken(
                f"{kind.name} {short}, though the list goes on; the next collection may have all."
            )
        wanted = [row for row in rows[: count - page.first + 1] if _is_wanted(ranked, row, options)]
        found.update((each, None) for row in wanted if (each := _id(row)))
        nameless.update((_name(row), None) for row in wanted if not _id(row))
        # The list's end, or only smaller ones than are wanted follow.
        if short or (rows and not wanted):
            break
        short = _short(page, rows)
    return list(found), list(nameless)


def _is_wanted(ranked: Ranked, row: Row, options: Options) -> bool:
    """Also where that cannot be told: it is no resource then, which whoever collects it says."""
    try:
        return ranked.wanted(row, options)
    except Exception:  # noqa: BLE001 - whatever is wrong with a row, the others come
        return True


def _asked(ask: Callable[..., _Rows], *arguments: Any) -> _Rows:
    """What a type's function asks the source for; an answer that it stumbles over is the source's."""
    try:
        return ask(*arguments)
    except PluginError:
        raise
    except Exception as error:  # the rest of the collection comes all the same
        _LOGGER.exception("A type's question failed")
        raise SourceBroken(f"the answer cannot be understood ({type(error).__name__}: {error}).") from error


def _page(ranked: Ranked, source: Source, options: Options, page: Page) -> list[Row]:
    """A page's rows; one with fewer than asked for is asked for again, to tell a list's end from a cut answer."""
    rows = _asked(ranked.page, source, options, page.number, page.size)
    if len(rows) < page.size:
        rows = max(rows, _asked(ranked.page, source, options, page.number, page.size), key=len)
    if len(rows) > page.size:
        raise SourceBroken(f"page {page.number} came with {len(rows)} rows, and {page.size} were asked for.")
    return rows


def _short(page: Page, rows: list[Row]) -> str:
    if len(rows) == page.size:
        return ""
    return f"ranks {page.first} to {page.last} came with {len(rows)} rows"


class Collection:
    """Some tasks of one collection as a stream of messages, one page in memory at a time.

    What cannot be had, or makes no resource, becomes an error resource that names it; the rest comes.

    Args:
        options: The collector's options.
        secret: The source's API key.
        caller: Who waits for the messages.
        about: What a line in the log says of whom this is for.

    Attributes:
        resources: Messages about resources so far.
        errors: Messages about failures so far.
    """

    def __init__(
        self,
        options: Options,
        secret: Secret,
        caller: Caller,
        about: Mapping[str, str] | None = None,
    ) -> None:
        self._about = dict(about or {})
        self._options = options
        self._secret = secret
        self._caller = caller
        self._gone: SourceError | None = None
        self._makers: dict[str, messages.CloudServices] = {}
        self.resources = 0
        self.errors = 0

    def run(self, tasks: Iterable[Task]) -> Iterator[bytes]:
        """Collect all of `whole`, or one of `split`."""
        with closing(Source(self._options, self._secret, self._caller)) as source:
            for task in tasks:
                if task.leads:
                    yield from self._lead()
                kind = BY_NAME[task.cloud_service_type]
                if isinstance(kind.rows, AtOnce):
                    yield from self._at_once(kind, kind.rows, source)
                elif task.without_id:
                    yield from self._without_id(kind, task.without_id)
                elif task.ids:
                    yield from self._by_ids(kind, kind.rows, source, task.ids)
                elif task.count:
                    yield from self._by_rank(kind, kind.rows, source, task.count)
                else:
                    raise InvalidParameter("task_options", f"{kind.name} wants a count or ids")

    def _lead(self) -> Iterator[bytes]:
        kinds = _kinds(self._options)
        first = [messages.region(), *map(messages.cloud_service_type, kinds)]
        if self._options.generation == "2.x" and BY_NAME[metrics.CLOUD_SERVICE_TYPE] in kinds:
            first += messages.metrics()
        self.resources += len(first)
        yield from first

    def _at_once(self, kind: CloudServiceType, at_once: AtOnce, source: Source) -> Iterator[bytes]:
        if self._gone:
            yield self._not_asked_for(kind, "rows")
            return
        try:
            rows = _asked(at_once.ask, source, self._options)
        except SourceError as error:
            yield self._failed(kind, "rows", error)
            return
        yield from self._made(kind, "rows", _fresh(rows, deque()))

    def _by_rank(self, kind: CloudServiceType, ranked: Ranked, source: Source, count: int) -> Iterator[bytes]:
        if self._gone:
            yield self._not_asked_for(kind, f"ranks 1 to {count}")
            return
        # All ids would fill the memory, and a row that is three pages off has not moved but been listed anew.
        seen: deque[set[str]] = deque(maxlen=3)
        short = ""
        with closing(ahead(pages(count), lambda page: self._rows(ranked, source, page), _useless)) as answers:
            for page, (answer, error) in answers:
                place = f"ranks {page.first} to {min(page.last, count)}"
                if error:
                    yield self._failed(kind, place, error, incomplete=bool(answer))
                if answer or not error:
                    rows = _fresh(answer[: count - page.first + 1], seen)
                    if short and not rows:
                        return
                    if short:
                        yield self._error(kind, f"{short}, though the list goes on.")
                    wanted = [row for row in rows if _is_wanted(ranked, row, self._options)]
                    yield from self._made(kind, place, wanted)
                    if rows and not wanted:
                        return  # only smaller ones follow
                    short = _short(page, answer)
                if self._gone and page.last < count:
                    yield self._not_asked_for(kind, f"ranks {page.last + 1} to {count}")

    def _by_ids(
        self, kind: CloudServiceType, ranked: Ranked, source: Source, ids: Sequence[str]
    ) -> Iterator[bytes]:
        if not ranked.by_ids:
            raise InvalidParameter("task_options.ids", f"{kind.name} is not collected by ids")
        place = ", ".join(ids)
        if self._gone:
            yield self._not_asked_for(kind, place)
            return
        rows, error = self._answer(ranked, source, partial(_asked, ranked.by_ids, source, self._options, ids))
        if error:
            yield self._failed(kind, place, error, incomplete=bool(rows))
            if not rows:
                return
        found = {each: row for row in rows if (each := _id(row))}
        for missing in [each for each in ids if each not in found]:
            yield self._error(kind, f"{missing} is not, or no more, in the source's list.")
        known = [found[each] for each in ids if each in found]
        wanted = [row for row in known if _is_wanted(ranked, row, self._options)]
        yield from self._made(kind, "by id", wanted)

    def _without_id(self, kind: CloudServiceType, names: Sequence[str]) -> Iterator[bytes]:
        for name in names:
            yield self._error(kind, f"{name} is no resource: it lacks 'id'.")

    def _rows(self, ranked: Ranked, source: Source, page: Page) -> _Answer:
        return self._answer(ranked, source, partial(_page, ranked, source, self._options, page))

    def _answer(self, ranked: Ranked, source: Source, ask: Callable[[], list[Row]]) -> _Answer:
        rows: list[Row] = []
        try:
            rows = ask()
            if ranked.complete and rows:
                _asked(ranked.complete, source, self._options, rows)
        except SourceError as error:
            return rows, error
        return rows, None

    def _made(self, kind: CloudServiceType, place: str, rows: list[Row]) -> list[bytes]:
        """A page's messages at once, which is faster than one by one."""
        if kind.name not in self._makers:
            self._makers[kind.name] = messages.CloudServices(kind, self._options.generation)
        message = self._makers[kind.name].message
        made = []
        errors = self.errors
        for row in rows:
            try:
                made.append(message(kind.record(row, self._options)))
            except Exception as error:  # noqa: BLE001 - whatever is wrong with a row, the others come
                made.append(self._error(kind, f"{place}: {_name(row)} is no resource: {_reason(error)}."))
        self.resources += len(made) - (self.errors - errors)
        return made

    def _failed(
        self, kind: CloudServiceType, place: str, error: SourceError, *, incomplete: bool = False
    ) -> bytes:
        if error.everywhere:
            self._gone = error
        return self._error(
            kind, f"{place} {'are incomplete' if incomplete else 'could not be collected'}: {error}"
        )

    def _not_asked_for(self, kind: CloudServiceType, place: str) -> bytes:
        return self._error(kind, f"{place} were not asked for: {self._gone}")

    def _error(self, kind: CloudServiceType, words: str) -> bytes:
        self.errors += 1
        message = f"{kind.name} {words}"
        _LOGGER.warning(message, extra={"fields": self._about})
        return messages.error(kind, message)


def _useless(answer: _Answer) -> bool:
    """Whether every further page would fail in the same way."""
    _, error = answer
    return error is not None and error.everywhere


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it lacks {error}"
    if isinstance(error, TypeError | ValueError):
        return str(error)
    _LOGGER.error("A type's record failed", exc_info=error)
    return f"{type(error).__name__}: {error}"


def _name(row: Row) -> str:
    return str(row.get("id") or row.get("name") or "a row without an id")


def _id(row: Row) -> str | None:
    found = row.get("id")
    return found if type(found) is str and found else None


def _fresh(rows: list[Row], seen: deque[set[str]]) -> list[Row]:
    """Rows that none of the pages before gave; those without an id count as new, and are named one by one."""
    known = set().union(*seen)
    here: set[str] = set()
    fresh = []
    for row in rows:
        found = _id(row)
        if found is None:
            fresh.append(row)
        elif found not in here:
            here.add(found)
            if found not in known:
                fresh.append(row)
    seen.append(here)
    return fresh
