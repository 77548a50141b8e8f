"""Links of all pages lead somewhere, and the commands that they show exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
#: A word of an example that stands for the rest of a command.
_REST = {"…", "..."}


def anchors(path):
    """What GitHub makes of the headings of a page."""
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_relative_links_resolve(page):
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"(?:src|srcset|href)=\"([^\"]+)\"", text)
    broken = []
    for link in links:
        address, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = (page.parent / address).resolve() if address else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def shown_commands(text):
    """The commands of `pluginctl` in a page: lines of shell examples, and code in sentences."""
    lines = re.findall(r"^\s*\$ (.+)$", text, re.MULTILINE)
    lines += re.findall(r"`(pluginctl [^`]+)`", _FENCE.sub("", text))
    for line in lines:
        for part in re.split(r"\s(?:\||>|&&|;)\s", re.sub(r"\s#\s.*", "", line)):
            found = re.match(r"(?:[A-Z_]+=\S+ )*(?:\S*/)?(?:python -m )?pluginctl (.+)", part)
            if found:
                yield found[1]


def problem(command, words):
    """Why the parser takes no such command; None where it does."""
    while hasattr(command, "list_commands"):
        if not words or words[0].startswith("-"):
            break
        name, *words = words
        if command.get_command(None, name) is None:
            return f"there is no command {name}"
        command = command.get_command(None, name)
    words = [word for word in words if word not in _REST]
    try:
        command.make_context(command.name, words)
    except Exception as error:  # noqa: BLE001 - the parser's own, of whichever copy of click
        message = getattr(error, "message", None) or str(error)
        # An example in a sentence may leave an argument out.
        return None if type(error).__name__ in {"MissingParameter", "Exit"} else message
    return None


def test_commands_of_pages_parse(page, reference):
    _, root = next(reference.all_commands())
    shown = list(shown_commands(page.read_text(encoding="utf-8")))
    assert {text: why for text in shown if (why := problem(root, shlex.split(text)))} == {}


@pytest.mark.parametrize(
    "text", ["releas sandbox", "release sandbox --dry", "sandbox up --generation 3", "sandbox up --prefekt"]
)
def test_a_command_that_does_not_exist_is_found(text, reference):
    _, root = next(reference.all_commands())
    assert problem(root, shlex.split(text))


def test_commands_are_found_in_examples_and_sentences():
    text = (
        "Run `pluginctl show ENV`.\n```console\n$ A=b .venv/bin/pluginctl release x | jq . # all\n"
        "$ pluginctl sandbox compose > file\n```\n"
    )
    assert list(shown_commands(text)) == ["release x", "sandbox compose", "show ENV"]
