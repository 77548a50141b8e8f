"""A report as Markdown, for the Prefect UI."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flows.resources import Action, Plan
from flows.steps.parts import Collected, Delivered, Planned, Registered
from flows.steps.report import Report
from flows.steps.summaries import changes, image_summary, listings_summary, source_summary

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
    lines = [f"# {report.flow.capitalize()} of {report.plugin_id} {report.version} {state}", ""]
    first, *rest = [pair for pair in _trail(report) if pair[1]]
    lines += _table(first, rest)
    if report.failures:
        lines += ["", "## Why it failed", "", *(f"- {words}" for words in report.failures)]
    if report.collected:
        lines += _collected(report.collected)
    if report.actions:
        lines += ["", "## Actions", "", *_table(PLAN_COLUMNS, plan_rows(report.actions))]
    return "\n".join(lines)


def _collected(collected: Collected) -> list[str]:
    counts = [(name, str(count)) for name, count in collected.verdict.resources.items()]
    lines = ["", "## Resources", "", *_table(("type", "count"), counts)]
    if collected.rows:
        lines += ["", *_table(collected.columns, collected.rows)]
    if collected.preview is not None:
        lines += ["", f"## {collected.preview.name}, as the console shows it"]
        for section in collected.preview.sections:
            title = section.title if section.title == section.tab else f"{section.tab}: {section.title}"
            lines += ["", f"### {title}", "", *_table(section.columns, section.rows)]
    return lines


def _trail(report: Report) -> list[tuple[str, str]]:
    return [
        ("environment", f"{report.environment} (SpaceONE {report.generation})"),
        *(_planned(report.planned) if report.planned else ()),
        *(_delivered(report.delivered) if report.delivered else ()),
        ("attested", report.attested.summary() if report.attested else ""),
        *_registered(report.registered),
        ("plugin", f"{report.plugin_id} {report.version}"),
        ("collector", f"`{report.collector_id}`" if report.collector_id else ""),
        *(_job(report.collected) if report.collected else ()),
        ("took", f"{report.seconds:.1f} s"),
    ]


def _planned(planned: Planned) -> list[tuple[str, str]]:
    plugin = planned.source.plugin
    return [
        ("services", ", ".join(service.summary() for service in planned.services)),
        ("source revision", plugin.revision or ""),
        ("source digest", f"`{plugin.digest}`"),
        ("source", source_summary(planned.source)),
        ("image", f"`{planned.image.reference}`"),
        ("image digest", f"`{planned.image.digest}`" if planned.image.digest else ""),
    ]


def _delivered(delivered: Delivered) -> list[tuple[str, str]]:
    image = delivered.image
    when = f", {image.created:%Y-%m-%d %H:%M:%S %Z}" if image.created else ""
    return [
        ("image digest", f"`{delivered.digest}`"),
        ("built", f"{image_summary(image)}{when}"),
        ("trial run", str(delivered.trial)),
    ]


def _registered(registered: Registered | None) -> list[tuple[str, str]]:
    return [
        ("registered", listings_summary(registered.listings) if registered and registered.listings else "")
    ]


def _job(collected: Collected) -> list[tuple[str, str]]:
    job = collected.verdict.job
    return [("job", f"`{job.job_id}` {job.status}, tasks: {job.tasks}")]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return [line(head), line(["---"] * len(head)), *(line(row) for row in rows)]
