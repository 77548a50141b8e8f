from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from sandbox.engine import connection
from sandbox.errors import SandboxError


@pytest.mark.parametrize("exists", [False, True])
def test_a_socket_without_an_engine_is_no_engine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, exists: bool
):
    path = tmp_path / "docker.sock"
    if exists:
        path.touch()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    assert connection.connect() is None
    assert connection.socket_path() == str(path)
    with pytest.raises(SandboxError, match=f"No Docker engine answers at unix://{path}"):
        connection.require()


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:2375", "ssh://ann@build.example.com"])
def test_an_engine_on_another_machine_is_refused(monkeypatch: pytest.MonkeyPatch, address: str):
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(
        SandboxError, match=f"DOCKER_HOST is {address}: the sandbox needs an engine"
    ) as caught:
        connection.connect()
    assert "Unset DOCKER_HOST" in caught.value.advice


@pytest.mark.parametrize(("name", "refused"), [("Podman Engine", True), ("Engine", False)])
def test_podman_is_refused_in_words(monkeypatch: pytest.MonkeyPatch, name: str, refused: bool):
    client = SimpleNamespace(version=lambda: {"Components": [{"Name": name}]}, close=lambda: None)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(connection, "connect_engine", lambda: (client, ""))
    if refused:
        with pytest.raises(SandboxError, match="is Podman, which is not supported"):
            connection.connect()
    else:
        assert connection.connect() is client
