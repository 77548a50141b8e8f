"""A history of collections as Markdown, for the Prefect UI: a chart, and a table that says the same."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence

from flows.steps.chart import chart
from flows.steps.history import PastCollection
from flows.steps.markdown import heading, table
from flows.steps.subject import Subject
from flows.text import Markdown, markdown

_COLUMNS = ("time (UTC)", "state", "result", "took")
"""As many as fit on the screen of a telephone."""


def page(collections: Sequence[PastCollection], subject: Subject) -> str:
    """Markdown of at least one collection, in the order of time.

    The picture is part of the text (RFC 2397), because a worker has no address from which a browser could load it. Both
    interfaces of Prefect 3.9 show it. An artifact of the type image would show its whole address as well.
    """
    lines = heading(1, f"Collections of {subject.plugin_id} in {subject.environment}")
    picture = b64encode(chart(collections).encode()).decode()
    lines += [f"![{_alternative(collections)}](data:image/svg+xml;base64,{picture})", ""]
    lines += table(_COLUMNS, map(_row, reversed(collections)))
    return "\n".join(lines)


def summary(collections: Sequence[PastCollection]) -> str:
    """One line: how many there are, how many failed, and what the last one brought."""
    last, failed = collections[-1], sum(not each.success for each in collections)
    many = f"{len(collections)} collection{'s' if len(collections) > 1 else ''}, {failed} failed"
    brought = f", {last.resources:,} resources" if last.resources is not None else ""
    return f"{many}. The last one: {_time(last)} UTC, {last.state}{brought}"


def _alternative(collections: Sequence[PastCollection]) -> str:
    """What somebody hears who does not see the chart. Only words of our own: they stand in brackets."""
    first, last = collections[0], collections[-1]
    return (
        f"Chart of resources, of what was created and deleted, and of durations, from {_time(first)} to {_time(last)} "
        "UTC; the table below has its numbers"
    )


def _row(each: PastCollection) -> tuple[str, ...]:
    state = f"{each.state} {each.version}" if each.moves else each.state
    shown = markdown(state)
    took = "" if each.seconds is None else f"{each.seconds:.1f} s"
    return _time(each), shown if each.success else Markdown(f"**{shown}**"), "; ".join(_result(each)), took


def _result(each: PastCollection) -> Iterator[str]:
    if each.resources is not None:
        yield f"{each.resources:,} resources"
    numbers = {"created": each.created, "updated": each.updated, "deleted": each.deleted}
    if changes := ", ".join(f"{count:,} {words}" for words, count in numbers.items() if count):
        yield changes
    if each.failed_tasks:
        yield f"failed tasks: {each.failed_tasks}"


def _time(each: PastCollection) -> str:
    return f"{each.at:%Y-%m-%d %H:%M}"
