"""A report as Markdown, for the Prefect UI."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flows.resources import Action, Plan
from flows.steps.parts import Collected, Delivered, Planned, Registered
from flows.steps.report import Report
from flows.steps.summaries import changes, image_summary, listings_summary, source_summary
from flows.text import Markdown, code, log_line, markdown

PLAN_COLUMNS = ("action", "kind", "name", "changes", "remarks")


def plan_rows(actions: Iterable[Action]) -> list[tuple[str, ...]]:
    """One row for each action, in the order of `PLAN_COLUMNS`."""
    return [
        (
            str(action.verb),
            action.kind,
            action.name,
            "; ".join(changes(action)),
            " ".join(filter(None, (action.reason, *action.notes))),
        )
        for action in actions
    ]


def plan_summary(plan: Plan) -> str:
    """One line above the table."""
    return f"{plan.summary()}."


def release_report(report: Report) -> str:
    """Source revision → image digest → plugin version → collector → job → counts, and the collected resources."""
    state = "succeeded" if report.success else "failed"
    lines = _heading(1, f"{report.flow.capitalize()} of {report.plugin_id} {report.version} {state}")
    first, *rest = [pair for pair in _trail(report) if pair[1]]
    lines += _table(first, rest)
    if report.next_step:
        lines += ["", markdown(f"Published without a collector. {report.next_step}")]
    if report.failures:
        lines += ["", *_heading(2, "Why it failed"), *(f"- {markdown(words)}" for words in report.failures)]
    if report.collected:
        if log := report.collected.verdict.log:
            said = (f"- {markdown(log_line(line))}" for line in log)
            lines += ["", *_heading(2, "The plugin's last lines"), *said]
        lines += _collected(report.collected)
    if report.actions:
        lines += ["", *_heading(2, "Actions"), *_table(PLAN_COLUMNS, plan_rows(report.actions))]
    return "\n".join(lines)


def _collected(collected: Collected) -> list[str]:
    counts = [(name, str(count)) for name, count in collected.verdict.resources.items()]
    lines = ["", *_heading(2, "Resources"), *_table(("type", "count"), counts)]
    if collected.rows:
        lines += ["", *_table(collected.columns, collected.rows)]
    if collected.preview is not None:
        lines += ["", *_heading(2, f"{collected.preview.name}, as the console shows it")]
        for section in collected.preview.sections:
            title = section.title if section.title == section.tab else f"{section.tab}: {section.title}"
            lines += ["", *_heading(3, title), *_table(section.columns, section.rows)]
    return lines


def _trail(report: Report) -> list[tuple[str, str]]:
    return [
        ("environment", f"{report.environment} (SpaceONE {report.generation})"),
        *(_planned(report.planned) if report.planned else ()),
        *(_delivered(report.delivered) if report.delivered else ()),
        ("attested", report.attested.summary() if report.attested else ""),
        *_registered(report.registered),
        ("plugin", f"{report.plugin_id} {report.version}"),
        ("collector", code(report.collector_id or "")),
        *(_job(report.collected) if report.collected else ()),
        ("took", f"{report.seconds:.1f} s"),
    ]


def _planned(planned: Planned) -> list[tuple[str, str]]:
    plugin = planned.source.plugin
    return [
        ("services", ", ".join(service.summary() for service in planned.services)),
        ("source revision", plugin.revision or ""),
        ("source digest", code(plugin.digest)),
        ("source", source_summary(planned.source)),
        ("image", code(str(planned.image.reference))),
        ("image digest", code(planned.image.digest or "")),
    ]


def _delivered(delivered: Delivered) -> list[tuple[str, str]]:
    image = delivered.image
    when = f", {image.created:%Y-%m-%d %H:%M:%S %Z}" if image.created else ""
    return [
        ("image digest", code(delivered.digest)),
        ("built", f"{image_summary(image)}{when}"),
        ("trial run", str(delivered.trial)),
    ]


def _registered(registered: Registered | None) -> list[tuple[str, str]]:
    return [
        ("registered", listings_summary(registered.listings) if registered and registered.listings else "")
    ]


def _job(collected: Collected) -> list[tuple[str, str]]:
    job = collected.verdict.job
    return [("job", Markdown(f"{code(job.job_id)} {markdown(job.status)}, tasks: {job.tasks}"))]


def _heading(level: int, text: str) -> list[str]:
    return [f"{'#' * level} {markdown(text)}", ""]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table. Every cell is escaped here, unless it is `Markdown` already."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(map(markdown, cells)) + " |"

    return [line(head), "|" + " --- |" * len(head), *map(line, rows)]


def cells(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[dict[str, str]]:
    """The rows of a table artifact: the Prefect UI renders each cell as Markdown."""
    heads = [markdown(column) for column in columns]
    return [dict(zip(heads, map(markdown, row), strict=True)) for row in rows]
