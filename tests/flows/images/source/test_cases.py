"""Dockerfiles from public reports and repositories, written anew, over a copy of the portfolio plugin."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest

from flows.images.source import PluginSource
from flows.images.source.buildkit import needs

CASES = Path(__file__).parents[3] / "fixtures" / "cases"


@pytest.fixture
def over(checkout, tmp_path):
    """A copy of the plugin with the files of a case."""

    def over(case):
        folder = tmp_path / "plugin"
        shutil.copytree(
            checkout / "plugin", folder, ignore=shutil.ignore_patterns("__pycache__", ".dockerignore")
        )
        if (CASES / case / "pkg").is_symlink():
            shutil.rmtree(folder / "pkg")
        shutil.copytree(CASES / case, folder, symlinks=True, dirs_exist_ok=True)
        return PluginSource.load(folder)

    return over


@pytest.mark.parametrize(
    ("case", "base", "copied"),
    [
        ("a-crlf-bom", "pluginctl/python:3.11", "pkg/pip_requirements.txt src"),
        ("b-comment-in-continuation", "pluginctl/python:3.11", "pkg/pip_requirements.txt src"),
        ("c-json-form", "pluginctl/python:3.11", "pkg/pip_requirements.txt src/VERSION"),
        ("f-ignore-star", "pluginctl/python:3.11", "pkg/pip_requirements.txt src/VERSION src/plugin/main.py"),
        ("g-escape", "pluginctl/python:3.11", "pkg/pip_requirements.txt src/VERSION"),
        ("h-arg-plus", "pluginctl/python:3.11", "src"),
        ("i-wild", "pluginctl/python:3.11", "pkg/pip_requirements.txt src"),
        ("j-lower", "pluginctl/python:3.11", "pkg/pip_requirements.txt src"),
        ("k-platform", "pluginctl/python:3.11", "src"),
    ],
)
def test_an_odd_dockerfile_is_read(over, case, base, copied):
    source = over(f"dockerfile-oddities/{case}")
    assert source.base({}) == base
    assert needs(source.dockerfile) == []
    with source.archive() as file, tarfile.open(fileobj=file) as tar:
        assert {*copied.split()} - {"src/plugin/main.py"} <= {*tar.getnames()}


@pytest.mark.parametrize(
    ("case", "line", "what"),
    [("d-heredoc", 3, "a heredoc"), ("e-chmod", 2, "COPY --chmod"), ("l-mount", 4, "RUN --mount")],
)
def test_what_needs_buildkit_is_known_when_the_source_is_read(over, case, line, what):
    (need,) = needs(over(f"dockerfile-oddities/{case}").dockerfile)
    assert (need.line, need.what) == (line, what)


def test_a_linked_folder_in_the_context(over):
    source = over("linked-folder")
    assert {"pkg", "deploy/pkg/pip_requirements.txt"} <= source.listing.files.keys()
    before = source.digest
    (source.folder / "deploy/pkg/pip_requirements.txt").write_text("grpcio\npyyaml\n")
    assert PluginSource.load(source.folder).digest != before
