"""Small repositories of plugins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pluginctl.scaffold.project import Made, make
from pluginctl.scaffold.proposal import Question, Value

FILES = {
    "Dockerfile": "FROM python:3.11-slim\nCOPY src /x\nCMD python -m plugin\n",
    "src/VERSION": "0.1.0\n",
    "src/plugin/__init__.py": "",
    "src/plugin/main.py": 'PROVIDER = "acme"\n',
}

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def no_git_above(monkeypatch, tmp_path):
    """The repositories are in no checkout, wherever the tests' folder is."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the files of a repository, besides those of a plugin."""

    def write(files: dict[str, str] | None = None, *, folder: str = "plugin-acme-inven-collector") -> Path:
        root = tmp_path / folder
        for path, text in {**FILES, **(files or {})}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return root

    return write


def init(
    root: Path, *, dry_run: bool = False, source: str | None = None, manifest: str | None = None, **given: str
) -> Made:
    """`pluginctl init --yes` with some options."""

    def decide(question: Question, proposed: Value | None) -> Value | None:
        value = given.get(question.field.replace("-", "_"))
        return proposed if value is None else Value(value, "given")

    return make(root, decide, source=source, manifest=manifest, version="1.2.3", dry_run=dry_run)


def tree(root: Path) -> dict[str, bytes]:
    """All files below a folder, with what they hold."""
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    }
