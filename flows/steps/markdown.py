"""A report as Markdown, for the Prefect UI."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flows.images import LocalImage
from flows.resources import Action, Plan
from flows.steps.report import ImageReport, Report
from flows.steps.summaries import changed_words, changes, image_words, source_words

PLAN_COLUMNS = ("action", "kind", "name", "changes", "remarks")


def plan_rows(actions: Iterable[Action]) -> list[tuple[str, ...]]:
    """A row an action, as `PLAN_COLUMNS`."""
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
    """Source revision → image digest → plugin version → collector → job → counts, and what came in."""
    verdict = report.verdict
    state = "succeeded" if report.success else "failed"
    lines = [f"# {report.flow.capitalize()} of {report.plugin_id} {report.version} {state}", ""]
    first, *rest = [pair for pair in _trail(report) if pair[1]]
    lines += _table(first, rest)
    if verdict is not None and verdict.failures:
        lines += ["", "## Why it failed", "", *(f"- {words}" for words in verdict.failures)]
    if verdict is not None:
        lines += ["", "## Resources", ""]
        lines += _table(("type", "count"), [(name, str(count)) for name, count in verdict.resources.items()])
    if report.rows:
        lines += ["", *_table(report.columns, report.rows)]
    if report.preview is not None:
        lines += ["", f"## {report.preview.name}, as the console shows it"]
        for section in report.preview.sections:
            title = section.title if section.title == section.tab else f"{section.tab}: {section.title}"
            lines += ["", f"### {title}", "", *_table(section.columns, section.rows)]
    if report.actions:
        lines += ["", "## Actions", "", *_table(PLAN_COLUMNS, plan_rows(report.actions))]
    return "\n".join(lines)


def _trail(report: Report) -> list[tuple[str, str]]:
    image, verdict = report.image, report.verdict
    return [
        ("environment", f"{report.environment} (SpaceONE {report.generation})"),
        ("services", ", ".join(service.words() for service in report.services)),
        ("source revision", image.revision or "" if image else ""),
        ("source digest", f"`{image.source_digest}`" if image else ""),
        ("source", _source(report.version, image) if image else ""),
        ("image", f"`{image.reference}`" if image else ""),
        ("image digest", f"`{image.digest}`" if image and image.digest else ""),
        ("built", _built(image.built) if image and image.built else ""),
        ("trial run", str(image.trial) if image and image.trial else ""),
        ("registered", changed_words(report.listings) if report.listings else ""),
        ("plugin", f"{report.plugin_id} {report.version}"),
        ("collector", f"`{report.collector_id}`" if report.collector_id else ""),
        (
            "job",
            f"`{verdict.job.job_id}` {verdict.job.status}, tasks: {verdict.job.tasks}" if verdict else "",
        ),
        ("took", f"{report.seconds:.1f} s"),
    ]


def _source(version: str, image: ImageReport) -> str:
    return source_words(version, image.contents, image.base) if image.contents else ""


def _built(image: LocalImage) -> str:
    when = f", {image.created:%Y-%m-%d %H:%M:%S %Z}" if image.created else ""
    return f"{image_words(image)}{when}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return [line(head), line(["---"] * len(head)), *(line(row) for row in rows)]
