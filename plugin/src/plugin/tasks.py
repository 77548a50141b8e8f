"""Tasks: the parts of a collection, each of which any worker can do by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plugin.ranks import LARGEST
from plugin.schema import MAX_COUNT
from plugin.serving import InvalidParameter, whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Task:
    """Some resources of one cloud service type: the first ones by rank, or those with certain ids, or all.

    Attributes:
        cloud_service_type: Name of the type.
        count: How many of the source's ranked rows, from the first on; 0 where there are ids, or all come at once.
        ids: The ids. Workers ask at different times, and ranks move meanwhile: only an id names the same row.
        without_id: Names of rows without an id, which are not valid resources; one task reports them.
        leads: True for the first task of a collection, which also gives the region, the types and the metrics. No
            other task does: workers that create the same type at the same time fail.
    """

    cloud_service_type: str
    count: int = 0
    ids: tuple[str, ...] = ()
    without_id: tuple[str, ...] = ()
    leads: bool = False

    def to_options(self) -> dict[str, Any]:
        """The task as `task_options`, which the platform hands back to `collect`."""
        which = {"count": self.count, "ids": list(self.ids), "without_id": list(self.without_id)}
        given = {name: value for name, value in which.items() if value}
        return {"cloud_service_type": self.cloud_service_type, "leads": self.leads, **given}

    @classmethod
    def parse(cls, values: Mapping[str, Any], types: Sequence[str]) -> Task:
        """Read a task back from a request.

        Args:
            values: `task_options` as protobuf's Struct gives them: numbers are floats.
            types: Names of the cloud service types.

        Raises:
            InvalidParameter: `get_tasks` gave no such task_options; names the one that is wrong.
        """
        name = values.get("cloud_service_type")
        if not isinstance(name, str) or name not in types:
            raise InvalidParameter(
                "task_options.cloud_service_type",
                f"{name!r} is not one of {', '.join(types)}; take task_options from get_tasks",
            )
        leads = values.get("leads") is True
        if "ids" in values:
            return cls(name, ids=_texts("ids", values, LARGEST), leads=leads)
        if "without_id" in values:
            return cls(name, without_id=_texts("without_id", values, MAX_COUNT), leads=leads)
        if "count" not in values:
            return cls(name, leads=leads)
        count = whole_number("task_options.count", values.get("count"))
        if not 1 <= count <= MAX_COUNT:
            raise InvalidParameter("task_options.count", f"{count} is not between 1 and {MAX_COUNT}")
        return cls(name, count=count, leads=leads)


def _texts(key: str, values: Mapping[str, Any], most: int) -> tuple[str, ...]:
    value = values[key]
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise InvalidParameter(f"task_options.{key}", "this is not a list of texts")
    if not 1 <= len(value) <= most:
        raise InvalidParameter(f"task_options.{key}", f"{len(value)} items are not between 1 and {most}")
    return tuple(value)
