"""How one collection is split: a task is one page of one type, collectable by itself, on any worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plugin.errors import InvalidParameter
from plugin.options import PER_PAGE, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of work: some of the rows of one page that the source gives.

    Attributes:
        number: Number of the page, from 1 on.
        size: Rows to a page; the same for all pages of a collection, or pages would overlap.
        take: How many of the page's rows are wanted; less than `size` on the last page alone.
    """

    number: int
    size: int
    take: int


@dataclass(frozen=True, slots=True)
class Task:
    """One page of one cloud service type.

    Attributes:
        cloud_service_type: Name of the type.
        page: The page.
        leads: True for the first task of a collection, which also gives the region and the types. One task
            alone does: workers that create the same type at the same time would fail on each other.
    """

    cloud_service_type: str
    page: Page
    leads: bool

    def to_options(self) -> dict[str, Any]:
        """The task as `task_options`, which the platform hands back to `collect`."""
        return {
            "cloud_service_type": self.cloud_service_type,
            "page": self.page.number,
            "per_page": self.page.size,
            "take": self.page.take,
            "leads": self.leads,
        }

    @classmethod
    def parse(cls, values: Mapping[str, Any], types: Sequence[str]) -> Task:
        """Read a task back from a request.

        Args:
            values: `task_options` as protobuf's Struct gives them: numbers are floats.
            types: Names of the cloud service types that there are.

        Raises:
            InvalidParameter: These are not options that `get_tasks` gave; names the one that is wrong.
        """
        name = values.get("cloud_service_type")
        if not isinstance(name, str) or name not in types:
            raise InvalidParameter(
                "task_options.cloud_service_type",
                f"{name!r} is none of {', '.join(types)}; get_tasks gives tasks",
            )
        page = Page(
            number=_whole(values, "page"), size=_whole(values, "per_page"), take=_whole(values, "take")
        )
        if page.size > PER_PAGE:
            raise InvalidParameter("task_options.per_page", f"{page.size} is more than {PER_PAGE}")
        if page.take > page.size:
            raise InvalidParameter("task_options.take", f"{page.take} is more than per_page")
        return cls(cloud_service_type=name, page=page, leads=bool(values.get("leads", False)))


def pages(count: int, largest: int) -> list[Page]:
    """Split `count` rows into pages of at most `largest`, all of one size, of which the last is cut short."""
    size = min(count, largest)
    return [
        Page(number=number, size=size, take=min(size, count - start))
        for number, start in enumerate(range(0, count, size), start=1)
    ]


def _whole(values: Mapping[str, Any], key: str) -> int:
    number = whole(f"task_options.{key}", values.get(key))
    if number < 1:
        raise InvalidParameter(f"task_options.{key}", f"{number} is less than 1")
    return number
