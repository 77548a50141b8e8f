"""What an engine can build and run."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from flows.images import SourceError
from flows.images.engine import platforms
from flows.images.engine.platforms import check_platforms, is_foreign, native, runs
from flows.images.source import PluginSource

HERE, THERE = "unix:///var/run/docker.sock", "tcp://build.example.com:2376"
ENABLED = "enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: F\noffset 0\nmagic 7f454c46\n"


def api(architecture="amd64", address=HERE):
    version = {"Os": "linux", "Arch": architecture}
    return SimpleNamespace(address=address, calls=SimpleNamespace(version=lambda: version))


@pytest.fixture
def binfmt(tmp_path, monkeypatch):
    monkeypatch.setattr(platforms, "_BINFMT", tmp_path)
    return tmp_path


def test_the_engines_own_platform():
    assert native(api("arm64")) == "linux/arm64"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENABLED, True),
        (ENABLED.replace("flags: F", "flags: OCF"), True),
        (ENABLED.replace("flags: F", "flags: OC"), False),  # a container has no such file
        (ENABLED.replace("flags: F", "flags: "), False),
        (ENABLED.replace("enabled", "disabled"), False),
        (None, False),
    ],
)
def test_an_emulator_that_the_kernel_keeps_open_counts(binfmt, text, expected):
    if text:
        (binfmt / "qemu-aarch64").write_text(text)
    assert runs(api(), "linux/amd64", "linux/arm64") is expected


def test_what_needs_no_emulator(binfmt):
    assert runs(api(), "linux/amd64", "linux/386") is True
    assert runs(api("arm64"), "linux/arm64", "linux/arm/v7") is True
    assert runs(api("arm64"), "linux/arm64", "linux/amd64") is False


def test_of_another_machine_it_is_not_known(binfmt):
    assert runs(api(address=THERE), "linux/amd64", "linux/arm64") is None


@pytest.fixture
def source(plugin):
    def source(dockerfile):
        (plugin / "Dockerfile").write_text(dockerfile)
        return PluginSource.load(plugin)

    return source


@pytest.mark.parametrize(
    ("dockerfile", "line"),
    [
        ("FROM python:3.11\nCOPY src /src\nRUN pip install x\n", 3),
        ("FROM python:3.11 AS build\nRUN make\nFROM scratch\nCOPY --from=build /x /x\nCOPY src /src\n", 2),
    ],
)
def test_a_run_is_refused_with_its_line(binfmt, source, dockerfile, line):
    with pytest.raises(SourceError, match=f"line {line} has a RUN, .* for linux/arm64") as caught:
        check_platforms(api(), source(dockerfile), ["linux/amd64", "linux/arm64"])
    assert "tonistiigi/binfmt --install arm64" in caught.value.advice


@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM python:3.11\nCOPY src /src\n",
        "FROM --platform=$BUILDPLATFORM python:3.11 AS build\nRUN make\nFROM scratch\nCOPY src /src\n",
        "FROM --platform=linux/amd64 python:3.11 AS build\nRUN make\nFROM scratch\nCOPY src /src\n",
    ],
)
def test_what_only_copies_is_built(binfmt, source, dockerfile):
    check_platforms(api(), source(dockerfile), ["linux/amd64", "linux/arm64"])


def test_with_an_emulator_or_for_itself_a_run_is_built(binfmt, source):
    plugin = source("FROM python:3.11\nCOPY src /src\nRUN make\n")
    check_platforms(api(), plugin, ["linux/amd64"])
    check_platforms(api(address=THERE), plugin, ["linux/arm64"])
    (binfmt / "qemu-aarch64").write_text(ENABLED)
    check_platforms(api(), plugin, ["linux/amd64", "linux/arm64"])


def test_files_by_platform_are_not_in_the_digest_of_the_source(binfmt, source):
    plugin = source("FROM scratch\nARG TARGETARCH\nCOPY src/${TARGETARCH:+.} /src\n")
    with pytest.raises(SourceError, match="line 3 copies files by the platform"):
        check_platforms(api(), plugin, ["linux/amd64", "linux/arm64"])
    check_platforms(api(), plugin, ["linux/amd64"])


def test_the_words_of_a_container_that_cannot_run():
    assert is_foreign(["standard_init_linux.go:228: exec user process caused: exec format error"])
    assert not is_foreign(["exited with 1", "Traceback"])
