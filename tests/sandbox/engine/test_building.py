from __future__ import annotations

import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from docker.errors import BuildError, ImageNotFound

from flows.images.reference import LOCAL_REGISTRY
from sandbox.engine import building
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from tests.sandbox.conftest import Steps

FILES = {"Dockerfile": b"ARG BASE\nFROM ${BASE}\n", "requirements.txt": b"one==1\n"}


class Engine:
    """An engine's images: their ids by name."""

    def __init__(self, error: BuildError | None = None) -> None:
        self.ids = {"base:1": "sha256:base"}
        self.images = self
        self.error = error
        self.contexts: list[list[str]] = []

    def get(self, name: str) -> Any:
        if name not in self.ids:
            raise ImageNotFound(name)
        return SimpleNamespace(id=self.ids[name])

    def build(self, *, fileobj: Any, tag: str, buildargs: dict[str, str], **_: Any) -> None:
        if self.error:
            raise self.error
        assert buildargs == {"BASE": "base:1"}
        with tarfile.open(fileobj=fileobj) as context:
            self.contexts.append(context.getnames())
        self.ids[tag] = f"sha256:{tag}"

    @property
    def api(self) -> Any:
        unnamed: dict[str, Any] = {"Id": "sha256:0", "RepoTags": None}
        return SimpleNamespace(images=lambda filters: [*({"RepoTags": [name]} for name in self.ids), unnamed])

    def remove(self, name: str) -> None:
        del self.ids[name]


def build(engine: Engine, steps: Steps, files: dict[str, bytes] = FILES) -> str:
    return building.build(engine, "it", files, "base:1", steps, "it")


def test_an_image_is_built_once_for_the_same_files_and_base(steps: Steps):
    engine = Engine()
    first = build(engine, steps)
    assert first.startswith(f"{LOCAL_REGISTRY}/it:"), "a name that no registry has"
    assert build(engine, steps) == first
    assert engine.contexts == [["Dockerfile", "requirements.txt"]]
    assert steps.steps == ["building the image of it"]


def test_another_file_or_base_makes_another_image_and_removes_the_older_one(steps: Steps):
    engine = Engine()
    first = build(engine, steps)
    second = build(engine, steps, {**FILES, "requirements.txt": b"one==2\n"})
    assert second != first
    assert first not in engine.ids
    engine.ids["base:1"] = "sha256:newer"
    assert build(engine, steps, {**FILES, "requirements.txt": b"one==2\n"}) != second


def test_a_failed_build_quotes_its_last_lines(steps: Steps):
    log = [{"stream": "Step 1/2 : FROM base\n"}, {"stream": "ERROR: no matching distribution\n"}]
    with pytest.raises(SandboxError, match="The image of it cannot be built") as caught:
        build(Engine(BuildError("exit code 1", iter(log))), steps)
    assert "ERROR: no matching distribution" in caught.value.details
    assert "reach the package index" in caught.value.advice


def test_a_package_is_its_python_files(tmp_path: Path):
    (tmp_path / "inner").mkdir()
    for name in ("a.py", "inner/b.py", "README.md"):
        (tmp_path / name).write_text(name)
    assert building.folder(tmp_path, "below") == {"below/a.py": b"a.py", "below/inner/b.py": b"inner/b.py"}
