"""Logs as one JSON object a line, on standard error; nothing secret is ever logged."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_CARRIED: Final = {
    "x-domain-id": "domain_id",
    "x_domain_id": "domain_id",
    "x-workspace-id": "workspace_id",
    "x_workspace_id": "workspace_id",
    "x-job-id": "job_id",
    "x_job_id": "job_id",
}
"""Metadata of a call that names what it is for. A token travels there, too: nothing else is ever taken."""


class JsonFormatter(logging.Formatter):
    """`{"time", "level", "logger", "message"}` with the fields of `extra={"fields": {...}}` beside them."""

    def format(self, record: logging.LogRecord) -> str:
        """Make one line of a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def set_up(level: str) -> None:
    """Send the plugin's logs to standard error.

    Args:
        level: Name of the lowest level to show, such as INFO.

    Raises:
        ValueError: There is no such level.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger("plugin")
    root.handlers = [handler]
    root.propagate = False
    root.setLevel(level.upper())


def request_fields(metadata: Iterable[tuple[str, str | bytes]] | None) -> dict[str, str]:
    """What a call's metadata says about whom it is for: domain, workspace, job and trace, where they are there.

    Inventory 2.x sends a `traceparent` (https://www.w3.org/TR/trace-context): its trace id is in the platform's own
    logs, beside domain and job.
    """
    found = {}
    for name, value in metadata or ():
        text = value.decode(errors="replace") if isinstance(value, bytes) else value
        if name in _CARRIED:
            found[_CARRIED[name]] = text[:100]
        elif name == "traceparent" and text.count("-") == 3:
            found["trace_id"] = text.split("-")[1][:32]
    return found
