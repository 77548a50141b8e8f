"""Keys of artifacts: a key's page in the UI is the history of one plugin in one environment."""

from __future__ import annotations

import re

from flows.steps.subject import Subject

#: The kinds of artifacts; a key begins with one of them.
PLAN, PROGRESS, REPORT, RESOURCES, HISTORY, DRIFT = (
    *("plan", "collection", "report", "resources"),
    *("history", "drift"),
)


def key(kind: str, subject: Subject) -> str:
    """The key of an artifact, such as `report-plugin-x-production`.

    Prefect allows lower-case letters, digits and dashes in a key; every other character becomes a dash.
    """
    words = "-".join(filter(None, (kind, subject.plugin_id, subject.environment)))
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def kind_of(artifact_key: str | None) -> str:
    """The kind of the artifact that has a key; empty for one without a key, which Prefect makes for a flow's result."""
    return (artifact_key or "").partition("-")[0]
