"""Logs as one JSON object a line, on standard error."""

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
"""Metadata of a call that the log may show. There is a token among the others, so no other is ever read."""


class JsonFormatter(logging.Formatter):
    """`{"time", "level", "logger", "message"}` and the fields of `extra={"fields": {...}}`."""

    def format(self, record: logging.LogRecord) -> str:
        """Make a line of a record."""
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
    """Send the logs of the package `plugin` to standard error; every SpaceONE plugin has that name.

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
    """Domain, workspace, job and trace of a call, where its metadata has them.

    Inventory 2.x sends a `traceparent` (https://www.w3.org/TR/trace-context), whose trace id is in the platform's own
    logs, too.
    """
    found = {}
    for name, value in metadata or ():
        text = value.decode(errors="replace") if isinstance(value, bytes) else value
        if name in _CARRIED:
            found[_CARRIED[name]] = text[:100]
        elif name == "traceparent" and text.count("-") == 3:
            found["trace_id"] = text.split("-")[1][:32]
    return found
