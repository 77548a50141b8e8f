"""The guides of a plugin source, which SpaceONE's console shows: one text in Markdown for each language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from flows.files import KIB, Folder
from flows.text import printable

LANGUAGES = ("en", "ko", "ja")
"""Those of the console. It shows English if there is no guide in the user's language, and any one if there is none."""
GUIDE_BYTES = 128 * KIB
"""The largest guide: the repository service sends the guides of all plugins with every list of them."""

_NAMES = ("GUIDE.md", "README.md")
_MOST_ENTRIES = 1000
_SHOWN = 3
#: Bounded, so that a long line costs no more than it is long.
_PICTURE = re.compile(
    r"!\[[^\]\n]{0,200}\]\( {0,9}<?([^)\s>]{1,500})|<img\b[^>]{0,500}?\bsrc {0,9}= {0,9}[\"']?([^\"'\s>]{1,500})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Guides:
    """The guides.

    Attributes:
        texts: By language, without white space around them, which the platform does not keep.
        remarks: From which files they are, and why others are not used.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def read_guides(folder: Path) -> Guides:
    """Read the guides of a plugin source, as the repositories of SpaceONE's plugins have them: `docs/en/GUIDE.md`.

    Without a GUIDE.md, README.md is read, or the only Markdown file of the language's folder. An empty file is none.

    Args:
        folder: The plugin source. Nothing outside of it is read.
    """
    texts: dict[str, str] = {}
    remarks: list[str] = []
    files: list[str] = []
    for language in LANGUAGES:
        name = _guide(folder, language, remarks)
        if name is None:
            continue
        try:
            content = Folder(folder).read(name, GUIDE_BYTES)
            text = content.decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            remarks.append(f"{name} is not used as docs: it is not text in UTF-8.")
        except OSError as error:
            remarks.append(f"{name} is not used as docs: it {error.strerror}.")
        else:
            if text:
                texts[language] = text
                files.append(name)
                remarks += _pictures(name, text)
    taken = [f"docs: not declared, taken from {' and '.join(files)} of the source."] if files else []
    return Guides(texts, (*taken, *remarks))


def _guide(folder: Path, language: str, remarks: list[str]) -> str | None:
    """The file with the guide of a language; None if there is none, or if it is not clear which one it is."""
    below = f"docs/{language}"
    names = _entries(folder, below)
    for name in _NAMES:
        if name in names:
            return f"{below}/{name}"
    found = [name for name in names if name.lower().endswith(".md")]
    if len(found) > 1:
        shown = ", ".join(printable(name) for name in found[:_SHOWN])
        more = ", …" if len(found) > _SHOWN else ""
        remarks.append(f"{below} is not used as docs: it has {shown}{more}; name the guide GUIDE.md.")
    return f"{below}/{found[0]}" if len(found) == 1 else None


def _entries(folder: Path, below: str) -> list[str]:
    """The names in a folder of the source, sorted; none if there is no such folder, or if a link leads out of it."""
    try:
        real = (folder / below).resolve()
        if not real.is_relative_to(folder.resolve()):
            return []
        return sorted(path.name for path in islice(real.iterdir(), _MOST_ENTRIES))
    except (OSError, RuntimeError):  # the second: a link to itself
        return []


def _pictures(name: str, text: str) -> list[str]:
    """A remark on pictures that the console cannot show, because their address is a path in the source."""
    found = [first or second for first, second in _PICTURE.findall(text)]
    paths = [path for path in found if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//", path)]
    if not paths:
        return []
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return [
        f"{name}: the console shows no picture from a path ({printable(paths[0])}{more}); give it a full address."
    ]
