"""Plans and reports as tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.filesize import decimal
from rich.table import Table

from flows.resources import Action, Verb
from flows.steps.report import Report
from flows.steps.summaries import changes
from flows.text import log_line, printable
from pluginctl.output import Terminal, literal, literal_lines

if TYPE_CHECKING:
    from flows.images.engine.local import LocalImage

_STYLES = {
    Verb.CREATE: "green",
    Verb.UPDATE: "yellow",
    Verb.KEEP: "dim",
    Verb.DELETE: "red",
    Verb.BLOCKED: "red",
}


def plan_table(actions: Iterable[Action]) -> Table:
    """One row for each action, with what it changes."""
    table = Table(title="Plan", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for head in ("action", "kind", "name", "what"):
        table.add_column(head, overflow="fold")
    for action in actions:
        style = _STYLES[action.verb]
        table.add_row(
            f"[{style}]{action.verb}[/]",
            action.kind,
            literal(action.name),
            "see below" if action.verb is Verb.BLOCKED else "\n".join(map(literal, changes(action))),
        )
    return table


def registered_table(report: Report) -> Table:
    """What a release registered."""
    table = Table(title="Registered", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for head in ("kind", "name", "action"):
        table.add_column(head, overflow="fold")
    for action in report.actions:
        table.add_row(action.kind, literal(action.name), f"[{_STYLES[action.verb]}]{action.verb}[/]")
    return table


def image_table(image: LocalImage) -> Table:
    """An image, as `docker images` shows it."""
    created = f"{image.created:%Y-%m-%d %H:%M:%S %Z}" if image.created else ""
    columns = ("repository", "tag", "image id", "created", "size")
    reference = image.reference
    row = (reference.name, reference.tag or "", image.short_id, created, decimal(image.size))
    return rows_table("Image", columns, [row])


def rows_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], headings: bool = True
) -> Table:
    """Rows under headings. A column of numbers is aligned to the right."""
    rows = list(rows)
    table = Table(
        title=literal(title), title_justify="left", box=None, padding=(0, 2, 0, 0), show_header=headings
    )
    for index, head in enumerate(columns):
        numeric = bool(rows) and all(_numeric(row[index]) for row in rows)
        table.add_column(literal(head), overflow="fold", justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(literal(cell) for cell in row))
    return table


def _numeric(cell: str) -> bool:
    try:
        return not cell or math.isfinite(float(cell.replace(",", "")))
    except ValueError:
        return False


def show_report(console: Terminal, report: Report) -> None:
    """Show the result of a run to a person."""
    if report.dry_run:
        console.print("Nothing was changed: this was a dry run.")
        return
    if report.delivered:
        console.print(image_table(report.delivered.image))
        console.say(f"It {literal(str(report.delivered.trial))}.")
    if report.actions:
        console.print(registered_table(report))
    collected = report.collected
    if collected is None:
        published = literal(f"{report.plugin_id} {report.version} is published")
        console.print(f"[green]{published}[/] in {report.seconds:.1f} s, without a collector.")
        if report.next_step:
            console.say(literal(report.next_step))
        return
    show_collected(console, collected.columns, collected.rows, sum(collected.by_type.values()))
    kinds = literal(", ".join(f"{count} {name}" for name, count in collected.verdict.resources.items()))
    what = literal(f"{report.flow} of {report.plugin_id} {report.version}")
    if report.success:
        console.print(f"[green]{what} succeeded[/] in {report.seconds:.1f} s: {kinds}.")
    else:
        console.print(f"[red]{what} failed:[/] the collection did not pass the step `judge`.")
        for reason in report.failures:
            console.print(f"  {literal_lines(reason)}")
        if log := collected.verdict.log:
            console.print("The plugin's last lines since the job began:")
            for line in log:
                console.say(f"    {literal(log_line(line))}")


def show_collected(
    console: Terminal, columns: Sequence[str], rows: Sequence[Sequence[str]], total: int
) -> None:
    """The collected resources that were read."""
    if rows:
        more = f" (the first {len(rows)} of {total})" if total > len(rows) else ""
        fitting = _fitting(columns, rows, console.width)
        console.print(rows_table(f"Collected{more}", columns[:fitting], [row[:fitting] for row in rows]))
        if fitting < len(columns):
            console.print(f"[dim]A wider terminal also shows: {literal(', '.join(columns[fitting:]))}.[/]")


def _fitting(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> int:
    """How many columns fit side by side without a line break in a cell; at least two."""
    used = 0
    for index, head in enumerate(columns):
        used += max(cell_len(printable(text)) for text in (head, *(row[index] for row in rows))) + 2
        if used > width:
            return max(index, 2)
    return len(columns)
