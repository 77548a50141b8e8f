"""Where the command writes: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Any

from rich.console import Console


class Output(StrEnum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"


def result_console() -> Console:
    """The console for results: standard output."""
    return Console(emoji=False)


def message_console() -> Console:
    """The console for progress and errors: standard error, so that standard output holds only the result."""
    return Console(stderr=True, emoji=False)


def emit_json(document: Any) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
