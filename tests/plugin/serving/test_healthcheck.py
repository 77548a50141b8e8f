"""The container's health check."""

from __future__ import annotations

import os
import subprocess
import sys

from plugin.serving.healthcheck import address, serving
from plugin.serving.server import Server
from plugin.serving.settings import Settings
from tests.plugin.calls import HANGING
from tests.plugin.conftest import SOURCE


def test_it_looks_where_the_server_listens():
    assert address({}) == "localhost:50051"
    assert address({"SPACEONE_HOST": "0.0.0.0", "SPACEONE_PORT": "7"}) == "localhost:7"
    assert address({"SPACEONE_HOST": "127.0.0.2"}) == "127.0.0.2:50051"


def test_it_asks_without_the_proxy(monkeypatch, bare):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    server = Server(bare, Settings(host="127.0.0.2", port=0))
    server.start()
    where = address({"SPACEONE_HOST": "127.0.0.2", "SPACEONE_PORT": str(server.port)})
    assert serving(where, HANGING)
    server.stop()
    assert not serving(where, 0.5)


def test_its_exit_code_is_the_containers_health(process, minimal):
    child, port, _ = process(minimal)
    command = [sys.executable, "-m", "plugin.serving.healthcheck"]
    variables = {**os.environ, "SPACEONE_HOST": "127.0.0.1", "SPACEONE_PORT": str(port)}
    assert subprocess.run(command, cwd=SOURCE, env=variables, check=False).returncode == 0
    child.kill()
    child.wait(HANGING)
    assert subprocess.run(command, cwd=SOURCE, env=variables, check=False).returncode == 1


def test_it_imports_nothing_that_is_slow():
    """It runs every half minute."""
    wanted = "import sys, plugin.serving.healthcheck; print(*sys.modules)"
    command = [sys.executable, "-c", wanted]
    imported = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, check=True).stdout.split()
    assert not {"spaceone", "msgspec", "urllib3", "plugin.serving.server"} & set(imported)
