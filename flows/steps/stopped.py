"""The report of a run that did not reach its end: what was changed, what was not, and what to do."""

from __future__ import annotations

from collections.abc import Iterable

from flows.errors import PipelineError
from flows.steps.ending import Ending
from flows.steps.markdown import heading, links_of, table
from flows.steps.progress import Progress
from flows.text import log_line, markdown

AGAIN = "Run the same again: completed work is kept, and it continues from there."


def stopped_report(
    progress: Progress, ending: Ending, error: PipelineError, links: Iterable[tuple[str, str]] = ()
) -> str:
    """Markdown for a run that an error has stopped.

    Args:
        progress: How far it had come.
        ending: How it ended.
        error: What stopped it.
        links: What may be looked at, each with its address.
    """
    advice = [error.advice] if error.advice else []
    if error.changed and ending.name != "Blocked":
        advice.append(AGAIN)
    said = [f"- {markdown(log_line(line))}" for line in error.details]
    lines = _head(progress, ending.name, error.message, links)
    if said:
        lines += ["", *heading(2, "Its last lines"), *said]
    return "\n".join([*lines, *_changes(progress, changed=error.changed), *_advice(progress, advice)])


def interrupted_report(progress: Progress, links: Iterable[tuple[str, str]] = ()) -> str:
    """Markdown for a run that was cancelled, or whose worker was stopped."""
    running = progress.running
    step = f" while the step '{running.title}' ran" if running else ""
    message = f"The run was cancelled, or its worker was stopped,{step}."
    changed = bool(progress.done or (running and running.kind.changes))
    lines = _head(progress, "interrupted", message, links)
    return "\n".join([*lines, *_changes(progress, changed=changed), *_advice(progress, [AGAIN])])


def job_goes_on(progress: Progress) -> str:
    """A sentence about the platform's job, if a run has begun one and has not seen its end; otherwise empty."""
    job = progress.job
    if job is None or not job.running:
        return ""
    return (
        f"The platform's job {job.job_id} goes on, because SpaceONE has no call that stops a job. The next collection "
        "of the collector waits for its end."
    )


def _head(progress: Progress, end: str, message: str, links: Iterable[tuple[str, str]]) -> list[str]:
    subject = progress.subject
    rows = [
        ("environment", subject.environment),
        ("plugin", f"{subject.plugin_id} {subject.version}".strip()),
    ]
    rows += links_of(links)
    first, *rest = [row for row in rows if row[1]]
    title = f"{subject.title[0].upper()}{subject.title[1:]}: {end}"
    return [
        *heading(1, title),
        *(f"{markdown(line)}\n" for line in message.splitlines()),
        *table(first, rest),
    ]


def _changes(progress: Progress, *, changed: bool) -> list[str]:
    done = [f"- {markdown(f'{title}: {summary}' if summary else title)}" for title, summary in progress.done]
    lines = ["", *heading(2, "What was changed"), *(done or ["Nothing was changed." if not changed else ""])]
    running = progress.running
    if changed and running and running.kind.changes:
        lines.append(
            f"- {markdown(f'perhaps {running.kind.changes}: the step {running.title!r} did not finish')}"
        )
    if undone := progress.undone:
        lines += ["", *heading(2, "What was not done")]
        lines += [f"- {markdown(f'{action.verb} {action.kind} {action.name}')}" for action in undone]
    return lines


def _advice(progress: Progress, advice: list[str]) -> list[str]:
    words = [*filter(None, (job_goes_on(progress),)), *advice]
    return ["", *heading(2, "What to do"), *(f"- {markdown(line)}" for line in words)] if words else []
