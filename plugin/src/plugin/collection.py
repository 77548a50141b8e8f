"""The collection itself: which work there is, and the stream of messages that comes out of it."""

from __future__ import annotations

from collections import deque
from contextlib import closing
from typing import TYPE_CHECKING, Final

from plugin import messages
from plugin.errors import SourceError
from plugin.source import Row, Source
from plugin.tasks import Page, Task
from plugin.types import TYPES, CloudServiceType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from spaceone.api.inventory.plugin.collector_pb2 import ResourceInfo

    from plugin.options import Options, Secret

BY_NAME: Final = {kind.name: kind for kind in TYPES}


def split(options: Options) -> list[Task]:
    """All tasks of a collection, in the order in which a collection without tasks does them."""
    work = [(kind.name, page) for kind in TYPES for page in kind.pages(options)]
    return [
        Task(cloud_service_type=name, page=page, leads=index == 0) for index, (name, page) in enumerate(work)
    ]


def collect(
    options: Options, secret: Secret, tasks: Iterable[Task], wait: Callable[[float], bool]
) -> Iterator[ResourceInfo]:
    """Collect some tasks, one page in memory at a time.

    A page that cannot be had, or a row that makes no resource, becomes an error resource; the rest comes.
    A row that a later page gives once more, since its rank changed in between, is left out.

    Args:
        options: The collector's options.
        secret: The source's API key.
        tasks: All of `split`, or one of them.
        wait: Waits so many seconds before the source is asked again; True gives up.
    """
    with closing(Source(options, secret, wait)) as source:
        failed: dict[str, SourceError] = {}
        ended: set[str] = set()
        # While a page is read a rank moves by a page at most; to keep all ids would fill the memory.
        seen: deque[set[str]] = deque(maxlen=3)
        for task in tasks:
            kind = BY_NAME[task.cloud_service_type]
            if task.leads:
                yield messages.region()
                yield from map(messages.cloud_service_type, TYPES)
            if kind.name in ended:
                continue
            page = task.page
            if everywhere := failed.get("everywhere"):
                yield messages.error(kind, f"{_place(kind, page)} was not asked for: {everywhere}")
                continue
            try:
                rows = kind.fetch(source, options, page)
            except SourceError as error:
                if error.everywhere:
                    failed["everywhere"] = error
                yield messages.error(kind, f"{_place(kind, page)} could not be collected: {error}")
                continue
            if len(rows) < page.size:
                ended.add(kind.name)
            seen.append(set())
            yield from _page(kind, options, page, rows, seen)


def _page(
    kind: CloudServiceType, options: Options, page: Page, rows: list[Row], seen: deque[set[str]]
) -> Iterator[ResourceInfo]:
    maker = messages.CloudServices(kind, options.generation)
    for row in rows[: page.take]:
        try:
            record = kind.record(row, options)
            identity = f"{kind.name}/{record.resource_id}"
            if any(identity in page_before for page_before in seen):
                continue
            seen[-1].add(identity)
            message = maker.message(record)
        except (KeyError, TypeError, ValueError) as error:
            reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
            message = messages.error(
                kind, f"{_place(kind, page)}: {kind.identify(row)} is no resource: {reason}."
            )
        yield message


def _place(kind: CloudServiceType, page: Page) -> str:
    first = (page.number - 1) * page.size + 1
    return f"{kind.name} page {page.number} (ranks {first} to {first + page.take - 1})"
