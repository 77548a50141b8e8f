"""The last collections of a plugin in an environment, as a run leaves them for the next one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, AwareDatetime, Field, TypeAdapter, ValidationError

from flows.text import shortened

if TYPE_CHECKING:
    from flows.steps.ending import Ending
    from flows.steps.report import Report
    from flows.steps.subject import Subject

KEPT = 30
"""The number of collections that a history has."""
_CHARACTERS = 40
"""The most of a version or a state; Prefect cuts a value of an artifact's metadata after 500 characters."""


def _utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from None


Count = Annotated[int, Field(ge=0, le=10**12)]
Seconds = Annotated[float, Field(ge=0, le=10**9, allow_inf_nan=False)]
Text = Annotated[str, Field(max_length=_CHARACTERS)]


@dataclass(frozen=True)
class PastCollection:
    """One collection that has ended, well or not.

    Attributes:
        run: The id of the flow run.
        flow: `release`, `recollect` or `rollback`.
        at: When it began, or, if it did not come so far, when the run ended.
        state: The name of the state in which the run ended.
        success: Whether the run was a success.
        version: The plugin's; empty if the run did not come so far.
        resources: The collector's cloud services in the inventory afterwards. This one and the following are None if
            there was no end that could be judged.
        created: The number of resources that it created.
        updated: The number of resources that it updated.
        deleted: The number of resources that it deleted.
        failed_tasks: The number of its tasks that failed.
        seconds: From its start to the end of its job.
    """

    run: Text
    flow: Text
    at: Annotated[AwareDatetime, AfterValidator(_utc)]
    state: Text
    success: bool
    version: Text = ""
    resources: Count | None = None
    created: Count | None = None
    updated: Count | None = None
    deleted: Count | None = None
    failed_tasks: Count | None = None
    seconds: Seconds | None = None

    @property
    def moves(self) -> bool:
        """Whether the collector may have got another version."""
        return self.flow != "recollect"

    @classmethod
    def judged(
        cls, run: str, at: datetime, seconds: float | None, ending: Ending, report: Report
    ) -> PastCollection:
        """The collection of a report; nothing but its numbers are missing from a report without one."""
        numbers: dict[str, int] = {}
        if report.collected:
            verdict = report.collected.verdict
            numbers = {name: verdict.changes.get(name, 0) for name in ("created", "updated", "deleted")}
            numbers["resources"] = verdict.resources.get("inventory.CloudService", 0)
            numbers["failed_tasks"] = verdict.job.failed
        version = shortened(report.version, _CHARACTERS)
        return cls(run, report.flow, at, ending.name, ending.success, version, seconds=seconds, **numbers)

    @classmethod
    def stopped(cls, run: str, at: datetime, state: str, subject: Subject) -> PastCollection:
        """A collection without an end that could be judged."""
        return cls(run, subject.flow, at, state, False, shortened(subject.version, _CHARACTERS))


@cache
def _adapter() -> TypeAdapter[PastCollection]:
    return TypeAdapter(PastCollection)


def as_metadata(collections: Iterable[PastCollection]) -> dict[str, str]:
    """Collections as the metadata of an artifact: JSON by run, each shorter than what Prefect keeps of a value."""
    return {each.run: _adapter().dump_json(each).decode() for each in collections}


def history(versions: Iterable[Mapping[str, str] | None], last: PastCollection) -> list[PastCollection]:
    """The last collections in the order of time, of which one has just ended.

    Several versions are read, because two runs may have extended the same one at the same time. What is no collection
    is left out: whoever may write to the Prefect server may write artifacts.

    Args:
        versions: The metadata of the last artifacts, the last one first.
        last: The one that has just ended. It replaces what an earlier try of its run has left.
    """
    by_run = {last.run: last}
    for metadata in versions:
        for text in (metadata or {}).values():
            try:
                each = _adapter().validate_json(text)
            except ValidationError:
                continue
            by_run.setdefault(each.run, each)
    return sorted(by_run.values(), key=lambda each: (each.at, each.run))[-KEPT:]
