"""The collection itself: which work there is, and the resources that come of it."""

from __future__ import annotations

import logging
from collections import deque
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from plugin import metrics
from plugin.ahead import ahead
from plugin.errors import SourceBroken, SourceError
from plugin.ranks import LARGEST, Page, pages
from plugin.serving import ErrorResource, InvalidParameter, PluginError
from plugin.source import Row, Source
from plugin.tasks import Task
from plugin.types import REGION, TYPES, AtOnce, CollectedType, Ranked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from plugin.options import Options, Secret
    from plugin.serving import Caller, CloudService, Resource

_LOGGER = logging.getLogger(__name__)

_Rows = TypeVar("_Rows")

_SHOWN: Final = 120
"""Characters of the source's words that a message has."""

BY_NAME: Final = {kind.name: kind for kind in TYPES}


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the source gave for one piece of work.

    Attributes:
        rows: The rows.
        shortfall: What is wrong with a page that has too few rows, unless it is the last; empty for a full page.
        error: What went wrong; with rows, they are there but not complete.
    """

    rows: list[Row]
    shortfall: str = ""
    error: SourceError | None = None


def all_tasks(options: Options) -> list[Task]:
    """The work of a collection that is not split: one task for each type. Sends no request."""
    work = [task for kind in _wanted_types(options) for task in _tasks_of(kind, options)]
    return _with_leader(work)


def split_tasks(options: Options, secret: Secret, caller: Caller) -> list[Task]:
    """The same work as tasks of at most a page each, which workers may do in parallel.

    A type that takes several pages is split by ids: they are read once, here, so that a coin cannot move from one
    worker's ranks to another's. A coin that the source no longer lists when its task comes becomes an error resource.

    Raises:
        SourceError: The ids cannot be read completely.
    """
    work: list[Task] = []
    with closing(Source(options, secret, caller)) as source:
        for task in all_tasks(options):
            kind = BY_NAME[task.cloud_service_type]
            work += _split(kind, task, source, options)
    return _with_leader(work)


def _split(kind: CollectedType, task: Task, source: Source, options: Options) -> list[Task]:
    ranked = kind.rows
    if task.count <= LARGEST or not isinstance(ranked, Ranked) or not ranked.by_ids:
        return [task]
    ids, nameless = _read_ids(kind, ranked, source, options, task.count)
    tasks = [Task(kind.name, ids=chunk) for chunk in _chunks(ids)]
    if nameless:
        tasks.append(Task(kind.name, without_id=tuple(nameless)))
    # For an empty list, too, a task has to bring region, type and metrics.
    return tasks or [task]


def _wanted_types(options: Options) -> list[CollectedType]:
    return [kind for kind in TYPES if kind.name in options.cloud_service_types]


def _tasks_of(kind: CollectedType, options: Options) -> list[Task]:
    if isinstance(kind.rows, AtOnce):
        return [Task(kind.name)]
    if options.ids and kind.rows.by_ids:
        return [Task(kind.name, ids=chunk) for chunk in _chunks(options.ids)]
    return [Task(kind.name, count=kind.rows.count(options))]


def _with_leader(work: list[Task]) -> list[Task]:
    return [replace(task, leads=index == 0) for index, task in enumerate(work)]


def _chunks(ids: Iterable[str]) -> Iterator[tuple[str, ...]]:
    rest = iter(ids)
    while chunk := tuple(islice(rest, LARGEST)):
        yield chunk


def _read_ids(
    kind: CollectedType, ranked: Ranked, source: Source, options: Options, count: int
) -> tuple[list[str], list[str]]:
    """The ids of the first `count` rows, each once, the largest first; and the names of rows without an id."""
    found: dict[str, None] = {}
    nameless: dict[str, None] = {}
    shortfall = ""
    for page in pages(count):
        answer = _request_page(ranked, source, options, page, count)
        rows = answer.rows
        unseen = [row for row in rows if _id(row) not in found]
        if shortfall and unseen:
            raise SourceBroken(
                f"{kind.name} {shortfall}, though the list goes on; the next collection may get all."
            )
        wanted = [row for row in rows if _is_wanted(ranked, row, options)]
        found.update((each, None) for row in wanted if (each := _id(row)))
        nameless.update((_name(row), None) for row in wanted if not _id(row))
        # The list ends here, or goes on with rows that are too small.
        if shortfall or (rows and not wanted):
            break
        shortfall = answer.shortfall
    return list(found), list(nameless)


def _is_wanted(ranked: Ranked, row: Row, options: Options) -> bool:
    """Whether the options want this row; yes where that cannot be decided, since collecting it tells what is wrong."""
    try:
        return ranked.wanted(row, options)
    except Exception:  # noqa: BLE001 - whatever is wrong with a row, the others come
        return True


def _request(request: Callable[..., _Rows], *arguments: Any) -> _Rows:
    """Call a type's function that asks the source; an answer that it cannot handle is the source's failure."""
    try:
        return request(*arguments)
    except PluginError:
        raise
    except Exception as error:  # the rest of the collection comes all the same
        _LOGGER.exception("A type's request failed")
        what = _shown(f"{type(error).__name__}: {error}")
        raise SourceBroken(f"the answer cannot be understood ({what}).") from error


def _request_page(ranked: Ranked, source: Source, options: Options, page: Page, count: int) -> _Answer:
    """A page's rows up to rank `count`; a short page is asked for again, to tell a list's end from a cut-off answer.

    Of two short answers, either may be the one that was cut off: where the list has changed its length in between,
    the longer one, too. So what any of them has comes, and the page is as short as the longer one.
    """
    rows = _request_rows(ranked, source, options, page)
    if len(rows) == page.size:
        return _Answer(rows[: count - page.first + 1])
    others = _request_rows(ranked, source, options, page)
    if len(others) > len(rows):
        rows, others = others, rows
    length = len(rows)
    rows = rows[: count - page.first + 1]
    if length == page.size:
        return _Answer(rows)
    known = {(_id(row), _name(row)) for row in rows}
    rows += [row for row in others[: count - page.first + 1] if (_id(row), _name(row)) not in known]
    return _Answer(rows, f"ranks {page.first} to {page.last} came with {length} rows")


def _request_rows(ranked: Ranked, source: Source, options: Options, page: Page) -> list[Row]:
    rows = _request(ranked.page, source, options, page.number, page.size)
    if len(rows) > page.size:
        raise SourceBroken(f"page {page.number} came with {len(rows)} rows instead of {page.size}.")
    return rows


class Collection:
    """Some tasks of one collection, with one page in memory at a time.

    What cannot be collected, or is not a valid resource, becomes an error resource that names it; the rest comes.

    Args:
        options: The collector's options.
        secret: The source's API key.
        caller: Who waits for the resources.
    """

    def __init__(self, options: Options, secret: Secret, caller: Caller) -> None:
        self._options = options
        self._secret = secret
        self._caller = caller
        self._gone: SourceError | None = None

    def run(self, tasks: Iterable[Task]) -> Iterator[Resource | Iterable[Resource]]:
        """The resources of `all_tasks`, or of one of `split_tasks`; those of a page as one iterable."""
        with closing(Source(self._options, self._secret, self._caller)) as source:
            for task in tasks:
                if task.leads:
                    yield self._lead()
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
                    raise InvalidParameter("task_options", f"{kind.name} needs a count or ids")

    def _lead(self) -> Iterator[Resource]:
        """What one task gives for all."""
        kinds = _wanted_types(self._options)
        yield REGION
        yield from kinds
        if BY_NAME[metrics.CLOUD_SERVICE_TYPE] in kinds:
            yield metrics.NAMESPACE
            yield from metrics.METRICS

    def _at_once(
        self, kind: CollectedType, at_once: AtOnce, source: Source
    ) -> Iterator[Resource | Iterable[Resource]]:
        if self._gone:
            yield self._not_requested(kind, "rows")
            return
        try:
            rows = _request(at_once.ask, source, self._options)
        except SourceError as error:
            yield self._failed(kind, "rows", error)
            return
        yield self._resources(kind, "rows", _unseen(rows, deque()))

    def _by_rank(
        self, kind: CollectedType, ranked: Ranked, source: Source, count: int
    ) -> Iterator[Resource | Iterable[Resource]]:
        if self._gone:
            yield self._not_requested(kind, f"ranks 1 to {count}")
            return
        # All ids would fill the memory, and a row that is three pages off has not moved but been listed anew.
        seen: deque[set[str]] = deque(maxlen=3)
        shortfall = ""
        ask = partial(self._page, ranked, source, count)
        with closing(ahead(pages(count), ask, _is_hopeless)) as answers:
            for page, answer in answers:
                place = f"ranks {page.first} to {min(page.last, count)}"
                if answer.error:
                    yield self._failed(kind, place, answer.error, incomplete=bool(answer.rows))
                if answer.rows or not answer.error:
                    rows = _unseen(answer.rows, seen)
                    if shortfall and not rows:
                        return
                    if shortfall:
                        yield _error(kind, f"{shortfall}, though the list goes on.")
                    wanted = [row for row in rows if _is_wanted(ranked, row, self._options)]
                    yield self._resources(kind, place, wanted)
                    if rows and not wanted:
                        return  # only smaller ones follow
                    shortfall = answer.shortfall
                if self._gone and page.last < count:
                    yield self._not_requested(kind, f"ranks {page.last + 1} to {count}")

    def _by_ids(
        self, kind: CollectedType, ranked: Ranked, source: Source, ids: Sequence[str]
    ) -> Iterator[Resource | Iterable[Resource]]:
        if not ranked.by_ids:
            raise InvalidParameter("task_options.ids", f"{kind.name} cannot be collected by ids")
        place = ", ".join(ids)
        if self._gone:
            yield self._not_requested(kind, place)
            return
        by_ids = ranked.by_ids

        def ask() -> _Answer:
            return _Answer(_request(by_ids, source, self._options, ids))

        answer = self._completed(ranked, source, ask)
        if answer.error:
            yield self._failed(kind, place, answer.error, incomplete=bool(answer.rows))
            if not answer.rows:
                return
        found = {each: row for row in answer.rows if (each := _id(row))}
        for missing in [each for each in ids if each not in found]:
            yield _error(kind, f"{missing} is not, or no longer, in the source's list.")
        known = [found[each] for each in ids if each in found]
        wanted = [row for row in known if _is_wanted(ranked, row, self._options)]
        yield self._resources(kind, "by id", wanted)

    def _without_id(self, kind: CollectedType, names: Sequence[str]) -> Iterator[ErrorResource]:
        for name in names:
            yield _error(kind, f"{name} is not a valid resource: it lacks 'id'.")

    def _page(self, ranked: Ranked, source: Source, count: int, page: Page) -> _Answer:
        ask = partial(_request_page, ranked, source, self._options, page, count)
        return self._completed(ranked, source, ask)

    def _completed(self, ranked: Ranked, source: Source, ask: Callable[[], _Answer]) -> _Answer:
        """What `ask` gives, with what takes further requests."""
        answer = _Answer([])
        try:
            answer = ask()
            if ranked.complete and answer.rows:
                _request(ranked.complete, source, self._options, answer.rows)
        except SourceError as error:
            return replace(answer, error=error)
        return answer

    def _resources(
        self, kind: CollectedType, place: str, rows: list[Row]
    ) -> Iterator[CloudService | ErrorResource]:
        for row in rows:
            try:
                resource = kind.record(row, self._options)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with a row, the others come
                yield _error(kind, f"{place}: {_name(row)} is not a valid resource: {_reason(error)}.")
            else:
                yield resource

    def _failed(
        self, kind: CollectedType, place: str, error: SourceError, *, incomplete: bool = False
    ) -> ErrorResource:
        if error.everywhere:
            self._gone = error
        what = "are incomplete" if incomplete else "could not be collected"
        return _error(kind, f"{place} {what}: {error}")

    def _not_requested(self, kind: CollectedType, place: str) -> ErrorResource:
        return _error(kind, f"{place} were not requested: {self._gone}")


def _error(kind: CollectedType, message: str) -> ErrorResource:
    return ErrorResource(kind, f"{kind.name} {message}")


def _is_hopeless(answer: _Answer) -> bool:
    """Whether every further page would fail in the same way."""
    return answer.error is not None and answer.error.everywhere


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it lacks {error}"
    if isinstance(error, TypeError | ValueError):
        return _shown(error)
    _LOGGER.error("A type's record failed", exc_info=error)
    return _shown(f"{type(error).__name__}: {error}")


def _name(row: Row) -> str:
    return _shown(row.get("id") or row.get("name") or "a row without an id")


def _shown(value: object) -> str:
    """Words that may be the source's, fit for a message: short and printable."""
    text = "".join(
        each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in str(value)[:_SHOWN]
    )
    return text if len(str(value)) <= _SHOWN else text + "…"


def _id(row: Row) -> str | None:
    found = row.get("id")
    return found if type(found) is str and found else None


def _unseen(rows: list[Row], seen: deque[set[str]]) -> list[Row]:
    """Rows that no page before gave. Rows without an id count as new, and each is reported."""
    known = set().union(*seen)
    here: set[str] = set()
    unseen = []
    for row in rows:
        found = _id(row)
        if found is None:
            unseen.append(row)
        elif found not in here:
            here.add(found)
            if found not in known:
                unseen.append(row)
    seen.append(here)
    return unseen
