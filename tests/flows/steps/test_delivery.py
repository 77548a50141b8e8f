"""Reading a source: what its builder lacks is known before any service is called."""

from __future__ import annotations

import shutil
from contextlib import contextmanager

import pytest

from flows.images import EngineUnreachable, SourceError
from flows.images.engine import Engine
from flows.steps import delivery


class Docker:
    """docker's client, as far as it tells its version."""

    def __init__(self, version):
        self.answer, self.api = {"Version": version, "Os": "linux"}, self

    def version(self):
        return self.answer

    def close(self):
        """Nothing is open."""


@pytest.fixture
def read(world, checkout, recorder, tmp_path, monkeypatch):
    """Read a copy of the plugin with one more line in its Dockerfile, with an engine of this version, or none."""

    def read(line, version):
        folder = tmp_path / "source"
        shutil.copytree(checkout / "plugin", folder, ignore=shutil.ignore_patterns("__pycache__"))
        with (folder / "Dockerfile").open("a") as file:
            file.write(f"{line}\n")

        @contextmanager
        def engine():
            def connected():
                if version is None:
                    raise EngineUnreachable("No Docker engine answers")
                return Engine(Docker(version), "unix:///x")

            yield connected

        monkeypatch.setattr(delivery, "_engine", engine)
        return delivery.read_source(folder, world.environment, recorder)

    return read


@pytest.mark.parametrize("line", ["RUN <<EOF\nx\nEOF", "COPY --link src /x", "COPY <<EOF /x\nx\nEOF"])
def test_what_the_engine_lacks_is_refused_when_the_source_is_read(read, line):
    with pytest.raises(
        SourceError, match=r"Dockerfile: line \d+ has .* \(unix:///x, version 20\.10\.24\)\. .*23\.0"
    ):
        read(line, "20.10.24")


def test_what_it_has_is_read(read):
    assert read("RUN --mount=type=cache,target=/x y", "20.10.24").plugin.digest


def test_without_an_engine_the_build_says_so(read):
    assert read("RUN <<EOF\nx\nEOF", None).plugin.digest
