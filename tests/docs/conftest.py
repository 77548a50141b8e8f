"""The pages, and the script that writes their generated parts."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Folders of tools, which may hold other projects' pages.
_OTHERS = {"build", "node_modules", "__pycache__"}


def pages() -> list[Path]:
    """Every Markdown file of the project."""
    found = []
    for folder, below, files in os.walk(ROOT):
        below[:] = [
            name for name in below if name == ".github" or (not name.startswith(".") and name not in _OTHERS)
        ]
        found += [Path(folder) / name for name in files if name.endswith(".md")]
    return sorted(found)


@pytest.fixture(scope="session")
def reference():
    """The module scripts/reference."""
    path = ROOT / "scripts" / "reference"
    loader = importlib.machinery.SourceFileLoader("reference", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("reference", loader))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.dont_write_bytecode", True)
        loader.exec_module(module)
    return module


def pytest_generate_tests(metafunc):
    """A test with `page` runs for each page."""
    if "page" in metafunc.fixturenames:
        metafunc.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
