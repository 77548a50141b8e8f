"""Events of Prefect: what became of a plugin, for automations.

An event's resource is the plugin in its environment. Prefect adds the run, its deployment and their tags as related
resources. docs/operating.md has the table of events.
"""

from __future__ import annotations

from collections.abc import Mapping

from prefect.events import emit_event

from flows.steps.comparison import Drift
from flows.steps.ending import DRIFTED, NOT_COLLECTED, PUBLISHED, RELEASED, ROLLED_BACK, Ending
from flows.steps.report import Report
from flows.text import printable

EVENTS: Mapping[Ending, str] = {
    RELEASED: "pluginctl.plugin.released",
    PUBLISHED: "pluginctl.plugin.released",
    ROLLED_BACK: "pluginctl.plugin.rolled-back",
    NOT_COLLECTED: "pluginctl.collection.failed",
    DRIFTED: "pluginctl.plugin.drifted",
}
"""By how a run ended; other ends have no event of their own, but Prefect's of the run."""


def emit(ending: Ending, words: str, result: Report | Drift) -> None:
    """Tells Prefect's server what became of a plugin. Nothing fails because of it.

    Args:
        ending: How the run ended.
        words: Why, in one sentence.
        result: What the run has done, or found.
    """
    name = EVENTS.get(ending)
    if name is None:
        return
    emit_event(
        name,
        resource={
            "prefect.resource.id": f"pluginctl.plugin.{result.environment}.{result.plugin_id}",
            "prefect.resource.name": printable(result.plugin_id),
            "pluginctl.environment": printable(result.environment),
            "pluginctl.version": printable(result.version),
        },
        payload={
            "environment": result.environment,
            "plugin_id": result.plugin_id,
            "version": result.version,
            "message": printable(words, keep="\n"),
            **_more(result),
        },
    )


def _more(result: Report | Drift) -> dict[str, object]:
    if isinstance(result, Drift):
        return {"findings": list(result.findings)}
    more = {"failures": list(result.failures), "version_before": result.version_before}
    return {name: value for name, value in more.items() if value}
