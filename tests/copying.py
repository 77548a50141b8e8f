"""A build context, and what a source of COPY names in it: for our own search and for Docker's builders."""

from __future__ import annotations

LINKS = {
    "pkg": "deploy/pkg",
    "file-link": "src/VERSION",
    "folder-link": "src",
    "up": "deploy/pkg/../../src",
    "absolute": "/src/VERSION",
    "outside": "../../../etc/passwd",
    "dangling": "nowhere",
}
PATHS = ("deploy/pkg/a.txt", "deploy/pkg/b.in", "src/VERSION", "src/[x].py", "src/below/b.py", "top.txt")

_SRC = ("src/VERSION", "src/[x].py", "src/below/b.py")
_PKG = ("deploy/pkg/a.txt", "deploy/pkg/b.in")
TABLE = [
    ("top.txt", ("top.txt",)),
    ("/top.txt", ("top.txt",)),
    ("./top.txt", ("top.txt",)),
    ("src", _SRC),
    ("src/", _SRC),
    ("./src/below", ("src/below/b.py",)),
    ("src/../top.txt", ("top.txt",)),
    ("pkg", _PKG),
    ("pkg/a.txt", ("deploy/pkg/a.txt",)),
    ("file-link", ("src/VERSION",)),
    ("folder-link", _SRC),
    ("up/VERSION", ("src/VERSION",)),
    ("absolute", ("src/VERSION",)),
    ("*.txt", ("top.txt",)),
    ("*/VERSION", ("src/VERSION",)),
    ("t?p.txt", ("top.txt",)),
    ("[s-u]op.txt", ("top.txt",)),
    ("[^a]op.txt", ("top.txt",)),
    ("src/*", _SRC),
    ("src/[[]x].py", ("src/[x].py",)),
    ("*-link", ("src/VERSION", *_SRC)),
    ("**/VERSION", ("src/VERSION",)),
    # There is nothing of this name, or a builder refuses it.
    ("['top.txt',", ()),
    ("[z-a]op.txt", ()),
    ("[!a]op.txt", ()),
    ("*.in", ()),
    ("sr", ()),
    ("src/VERSION/x", ()),
    ("outside", ()),
    ("dangling", ()),
    ("TOP.txt", ()),
]
"""A source, and the files that it names; none if a builder refuses it."""
