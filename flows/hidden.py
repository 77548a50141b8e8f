"""The secret values that this process uses, and texts without them.

A server repeats in its error what it was sent, and a plugin writes its key into an address: nobody can tell from a text
that a part of it is a secret. So whoever reads a secret declares it here, and `flows.text.printable`, which every text
passes before it is shown, leaves it out.

This is state of the process on purpose: a secret that is known anywhere must be shown nowhere.
"""

from __future__ import annotations

import json
import re
import threading
import urllib.parse
from collections.abc import Iterable

SHORTEST = 5
"""Characters of a value, or of a line of one, that is left out: shorter ones are parts of ordinary words."""
MARK = "(hidden)"

_lock = threading.Lock()
_forms: set[str] = set()
_pattern: re.Pattern[str] | None = None


def hide(value: str) -> str:
    """Declare a value as secret, and return it.

    It is left out as it is, and as it stands in JSON, in an address and in Python. Of a value of several lines, such as
    a key, each line is left out.
    """
    global _pattern  # noqa: PLW0603 - see the module
    found = _forms_of(value)
    with _lock:
        if not found <= _forms:
            _forms.update(found)
            _pattern = _any_of(_forms)
    return value


def without_secrets(text: str) -> str:
    """Return a text in which `(hidden)` stands for each secret."""
    return _pattern.sub(MARK, text) if _pattern else text


def without(text: str, values: Iterable[str]) -> str:
    """Return a text in which `(hidden)` stands for each of some values, in the forms that `hide` knows.

    For values that are ordinary words elsewhere, and so are not declared as secret.
    """
    forms = {form for value in values for form in _forms_of(value)}
    return _any_of(forms).sub(MARK, text) if forms else text


def _forms_of(value: str) -> set[str]:
    lines = (line.strip() for line in value.splitlines())
    return {form for line in lines if len(line) >= SHORTEST for form in _written(line)}


def _any_of(forms: Iterable[str]) -> re.Pattern[str]:
    # The longest first: one secret may be the beginning of another.
    ordered = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(re.escape, ordered)))


def _written(value: str) -> set[str]:
    return {
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        urllib.parse.quote(value),
        urllib.parse.quote(value, safe=""),
        urllib.parse.quote_plus(value),
    }
