"""Logs as one JSON object a line, on standard error; nothing secret is ever logged."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any


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
