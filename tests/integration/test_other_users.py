"""Another user of the machine: no file of a sandbox, no store, no engine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import docker
import pymongo
import pytest
from pymongo.errors import OperationFailure

from sandbox.engine import containers

if TYPE_CHECKING:
    from sandbox.machine.layout import Layout

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user"),
]

NOBODY = 65534
#: Prints every file below the folders that it can read, and whether it can connect to the sockets.
READ = """
import json, os, socket, sys
folders, sockets = json.loads(sys.argv[1])
found = []
for top in folders:
    for folder, _, files in os.walk(top):
        for name in files:
            try:
                open(os.path.join(folder, name), "rb").close()
            except OSError:
                continue
            found.append(os.path.join(folder, name))
for path in sockets:
    try:
        socket.socket(socket.AF_UNIX).connect(path)
    except OSError:
        continue
    found.append(path)
print(json.dumps(found))
"""


def read_by_nobody(folders: list[str], sockets: list[str]) -> list[str]:
    done = subprocess.run(
        ["python3", "-I", "-c", READ, json.dumps([folders, sockets])],
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        cwd="/",
        env={"PATH": os.environ["PATH"]} if sys.prefix == sys.base_prefix else {"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stdout)
    return found


def address(layout: Layout, part: str) -> str:
    with closing(docker.from_env()) as engine:
        networks = containers.of_sandbox(engine, layout.identifier)[part].attrs["NetworkSettings"]["Networks"]
        (found,) = (each["IPAddress"] for each in networks.values())
        return str(found)


def test_nothing_of_a_sandbox_can_be_read(layout: Layout):
    """Tokens and passwords are in its folder, the databases in volumes of the engine."""
    with closing(docker.from_env()) as engine:
        mine = {"label": f"{containers.SANDBOX}={layout.identifier}"}
        volumes = [volume.attrs["Mountpoint"] for volume in engine.volumes.list(filters=mine)]
        host = engine.api.base_url.removeprefix("http+docker://localhost") or "/var/run/docker.sock"
    assert volumes
    assert any(files for _, _, files in os.walk(layout.root)), "there is something to read"
    folders = [str(layout.root), str(layout.prefect.root), *volumes]
    assert read_by_nobody(folders, ["/var/run/docker.sock", host]) == []


def test_redis_asks_for_a_password(layout: Layout):
    with socket.create_connection((address(layout, "redis"), 6379), 10) as connection:
        connection.sendall(b"KEYS *\r\n")
        assert connection.recv(100).startswith(b"-NOAUTH")


def test_mongodb_asks_for_a_password(layout: Layout):
    url = f"mongodb://{address(layout, 'mongodb')}:27017/?directConnection=true"
    with pymongo.MongoClient(url, serverSelectionTimeoutMS=10_000) as client:
        with pytest.raises(OperationFailure, match="auth"):
            client.list_database_names()
        with pytest.raises(OperationFailure, match="auth"):
            client["secret"]["secret"].find_one()
        with pytest.raises(OperationFailure, match="auth"):
            client["identity"]["user"].insert_one({"user_id": "mallory"})
