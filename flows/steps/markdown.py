"""A report as Markdown, for the Prefect UI."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flows.resources import Action, Plan
from flows.steps.comparison import Drift
from flows.steps.ending import of_drift, of_report
from flows.steps.parts import Collected, Delivered, Planned, Registered
from flows.steps.report import Report
from flows.steps.summaries import changes, image_summary, listings_summary, source_summary
from flows.text import Markdown, code, link, log_line, markdown

PLAN_COLUMNS = ("action", "kind", "name")
"""Three that fit on the screen of a telephone; what they do not say is in `plan_text`."""


def plan_rows(actions: Iterable[Action]) -> list[tuple[str, ...]]:
    """One row for each action, in the order of `PLAN_COLUMNS`."""
    return [(str(action.verb), action.kind, action.name) for action in actions]


def plan_text(plan: Plan) -> str:
    """What is blocked and why, what changes, and remarks: lists, whose lines also wrap on a narrow screen."""
    lines = [f"{plan.summary()}."]
    for title, of in (
        ("Blocked", lambda action: [action.reason] if action.reason else []),
        ("Changes", changes),
        ("Remarks", lambda action: list(action.notes)),
    ):
        said = [(action, words) for action in plan.actions for words in of(action)]
        if said:
            lines += ["", *heading(2, title)]
            lines += [
                f"- {markdown(f'{each.verb} {each.kind} {each.name}: {words}')}" for each, words in said
            ]
    return "\n".join(lines)


def release_report(report: Report, links: Iterable[tuple[str, str]] = ()) -> str:
    """Source revision → image digest → plugin version → collector → job → counts, and the collected resources.

    Args:
        report: The report.
        links: What may be looked at, each with its address.
    """
    ending, words = of_report(report)
    lines = heading(1, f"{report.flow.capitalize()} of {report.plugin_id} {report.version}: {ending.name}")
    if not report.collected:  # otherwise its words are below
        lines += [markdown(words), ""]
    first, *rest = [pair for pair in (*_trail(report), *links_of(links)) if pair[1]]
    lines += table(first, rest)
    if report.next_step:
        lines += ["", markdown(f"Published without a collector. {report.next_step}")]
    if report.failures:
        lines += ["", *heading(2, "Why it failed"), *(f"- {markdown(words)}" for words in report.failures)]
    if report.collected:
        if log := report.collected.verdict.log:
            said = (f"- {markdown(log_line(line))}" for line in log)
            lines += ["", *heading(2, "The plugin's last lines"), *said]
        lines += _collected(report.collected)
    if report.planned:
        lines += ["", *heading(2, "Actions"), *table(PLAN_COLUMNS, plan_rows(report.actions))]
        lines += ["", plan_text(report.planned.plan)]
    return "\n".join(lines)


def drift_report(drift: Drift, links: Iterable[tuple[str, str]] = ()) -> str:
    """What differs from the release that is in use.

    Args:
        drift: What was compared.
        links: What may be looked at, each with its address.
    """
    ending, _ = of_drift(drift)
    rows = [
        ("environment", f"{drift.environment} (SpaceONE {drift.generation})"),
        ("plugin", f"{drift.plugin_id} {drift.version}"),
        ("image", drift.image.detail),
        *links_of(links),
    ]
    lines = heading(1, f"Drift of {drift.plugin_id} {drift.version}: {ending.name}")
    lines += [*table(rows[0], rows[1:]), ""]
    if not drift.findings:
        return "\n".join([*lines, "Everything is as it was released and declared."])
    lines += [*heading(2, "What differs"), *(f"- {markdown(words)}" for words in drift.findings)]
    return "\n".join([*lines, "", "Nothing was changed. A release puts back what is declared."])


def _collected(collected: Collected) -> list[str]:
    counts = [(name, str(count)) for name, count in collected.verdict.resources.items()]
    lines = ["", *heading(2, "Resources"), *table(("type", "count"), counts)]
    if collected.rows:
        lines += ["", *table(collected.columns, collected.rows)]
    if collected.preview is not None:
        lines += ["", *heading(2, f"{collected.preview.name}, as the console shows it")]
        for section in collected.preview.sections:
            title = section.title if section.title == section.tab else f"{section.tab}: {section.title}"
            lines += ["", *heading(3, title), *table(section.columns, section.rows)]
    return lines


def _trail(report: Report) -> list[tuple[str, str]]:
    return [
        ("environment", f"{report.environment} (SpaceONE {report.generation})"),
        *(_planned(report.planned) if report.planned else ()),
        *(_delivered(report.delivered) if report.delivered else ()),
        ("attested", report.attested.summary() if report.attested else ""),
        *_registered(report.registered),
        ("plugin", f"{report.plugin_id} {report.version}"),
        ("version before", report.version_before or ""),
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
    if registered is None or not registered.listings:
        return []
    return [
        ("registered", listings_summary(registered.listings)),
        *(("meanwhile", remark) for remark in registered.meanwhile),
    ]


def _job(collected: Collected) -> list[tuple[str, str]]:
    job = collected.verdict.job
    return [("job", Markdown(f"{code(job.job_id)} {markdown(job.status)}, tasks: {job.tasks}"))]


def heading(level: int, text: str) -> list[str]:
    """A heading and the line after it."""
    return [f"{'#' * level} {markdown(text)}", ""]


def links_of(links: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Rows with a link in each; an address that is none is shown as text."""
    return [(name, link(address)) for name, address in links]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table. Every cell is escaped here, unless it is `Markdown` already."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(map(markdown, cells)) + " |"

    return [line(head), "|" + " --- |" * len(head), *map(line, rows)]


def cells(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[dict[str, str]]:
    """The rows of a table artifact: the Prefect UI renders each cell as Markdown."""
    heads = [markdown(column) for column in columns]
    return [dict(zip(heads, map(markdown, row), strict=True)) for row in rows]
