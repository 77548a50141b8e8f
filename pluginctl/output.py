"""Where the command writes: results on standard output, everything else on standard error.

All output goes through this module. A terminal acts on control characters: here they become text, but for those of the
command's own layout. tests/pluginctl/test_output.py checks that no other module writes.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.text import Text

from flows.hidden import without_secrets
from flows.text import printable


class Output(StrEnum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"


class Terminal(Console):
    """A console that shows the control characters in a text instead of sending them to the terminal.

    rich's own, for colours and the spinner, are in styles and control segments, and stay.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(emoji=False, **options)

    def say(self, markup: str) -> None:
        """Prints a line of markup without folding it, so that a path or an address in it can be copied."""
        self.print(markup, soft_wrap=True, highlight=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """Makes the text of a string: here, so that the width of a column counts what is shown."""
        return super().render_str(printable(text, keep="\n\t"), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Makes the segments of anything that is printed: nothing is printed in another way."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            if control:
                yield segment
            else:  # a link is a control sequence, too: no text of ours has one
                yield Segment(
                    printable(text, keep="\n"), style.update_link() if style and style.link else style
                )


def result_console() -> Terminal:
    """The console for results: standard output."""
    return Terminal()


def message_console() -> Terminal:
    """The console for progress and errors: standard error, so that standard output holds only the result."""
    return Terminal(stderr=True)


def literal(text: str) -> str:
    r"""Markup that shows a text as it is, in one line: no markup, and a line break as `\n`."""
    return escape(printable(text))


def literal_lines(text: str) -> str:
    """Markup that shows a text of several lines. They are indented: none of them looks like a line of our own."""
    return "\n    ".join(map(literal, text.split("\n")))


def emit(text: str, *, flush: bool = False) -> None:
    """Print text on standard output as it is, without layout; with `flush`, at once."""
    sys.stdout.write(printable(text, keep="\n\t"))
    if flush:
        sys.stdout.flush()


def emit_json(document: Any) -> None:
    """Print one JSON document on standard output. Characters that cannot be seen are JSON's escapes."""
    text = without_secrets(json.dumps(document, indent=2, ensure_ascii=False))
    sys.stdout.write(re.sub(r"[^\n -~]", _json_character, text) + "\n")


def _json_character(found: re.Match[str]) -> str:
    character = found[0]
    return character if printable(character) == character else json.dumps(character)[1:-1]


def emit_bytes(output: bytes, errors: bytes) -> None:
    """Pass on what another program has printed: unchanged, unless a terminal shows it."""
    for stream, content in ((sys.stderr, errors), (sys.stdout, output)):
        if stream.isatty():
            stream.write(printable(content.decode(errors="backslashreplace"), keep="\n\t"))
        else:
            stream.buffer.write(content)
        stream.flush()


def emit_traceback(text: str) -> None:
    """Print the traceback of a bug on standard error."""
    sys.stderr.write(printable(text, keep="\n\t"))
