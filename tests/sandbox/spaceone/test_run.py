from __future__ import annotations

import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from sandbox.spaceone import run


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, list[str], set[str]]]:
    """What would replace the process, and the variables that it would have."""
    found: list[tuple[str, list[str], set[str]]] = []
    monkeypatch.setattr(run, "CONFIGURATION", str(tmp_path / "configuration.yaml"))
    monkeypatch.setattr(os, "execvp", lambda name, words: found.append((name, words, set(os.environ))))
    monkeypatch.setenv("CONFIGURATION", "GLOBAL: {}\n")
    return found


def test_the_configuration_is_a_file_that_only_the_program_reads(
    started: list[tuple[str, list[str], set[str]]], tmp_path: Path
):
    run.main(["spaceone", "grpc"])
    file = tmp_path / "configuration.yaml"
    assert file.read_text() == "GLOBAL: {}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    name, words, variables = started[0]
    assert (name, words) == ("spaceone", ["spaceone", "grpc"])
    assert "CONFIGURATION" not in variables


def test_it_waits_for_the_stores(
    started: list[tuple[str, list[str], set[str]]], monkeypatch: pytest.MonkeyPatch
):
    with socket.socket() as store:
        store.bind(("127.0.0.1", 0))
        monkeypatch.setenv("STORES", f"127.0.0.1:{store.getsockname()[1]}")
        monkeypatch.setattr(run.time, "sleep", lambda _: store.listen())
        thread = threading.Thread(target=run.main, args=(["spaceone"],))
        thread.start()
        thread.join()
    assert [words for _, words, _ in started] == [["spaceone"]]
