"""A registry with settings of its own, in a container: the program that the sandbox uses."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import docker
import requests
import yaml

from sandbox import images
from sandbox.engine import base_image, installed
from sandbox.machine.layout import Layout
from sandbox.machine.progress import Quiet
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HTPASSWD = {"htpasswd": {"realm": "test", "path": "/tmp/htpasswd"}}  # noqa: S108 - inside the container
"""The setting `auth` for a registry with users."""
_START = (
    'printf %s "$CONFIGURATION" >/tmp/registry.yaml; printf %s "$HTPASSWD" >/tmp/htpasswd; '
    "exec registry serve /tmp/registry.yaml"
)


@contextmanager
def serving(home: Path, *, htpasswd: str = "", read_only: bool = False) -> Iterator[str]:
    """A registry on a free port of this machine; gives its address.

    Args:
        home: the folder of the tests' sandboxes, which is told if the engine has to be started.
        htpasswd: its users, each line a name and a hash; without one everybody may do everything.
        read_only: whether it refuses every push.
    """
    settings: dict[str, Any] = {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": "/tmp/data"},  # noqa: S108 - inside the container
            "delete": {"enabled": True},
            "maintenance": {"readonly": {"enabled": read_only}},
        },
        "http": {"addr": ":5000"},
        **({"auth": HTPASSWD} if htpasswd else {}),
    }
    layout = Layout.of(home, "2.x")
    with closing(installed.ensure(layout.engine, Quiet())) as engine:
        image = images.registry(engine, base_image.ensure(engine, layout, Quiet()), Quiet())
        container = engine.containers.run(
            image,
            ["sh", "-c", _START],
            entrypoint=[],
            environment={
                "CONFIGURATION": yaml.safe_dump(settings),
                "HTPASSWD": htpasswd,
                "OTEL_TRACES_EXPORTER": "none",
            },
            ports={"5000/tcp": ("127.0.0.1", None)},
            detach=True,
        )
        try:
            yield _address(container)
        finally:
            container.remove(force=True, v=True)


def _address(container: docker.models.containers.Container) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        container.reload()
        for binding in container.attrs["NetworkSettings"]["Ports"].get("5000/tcp") or []:
            address = f"127.0.0.1:{binding['HostPort']}"
            try:
                requests.get(f"http://{address}/v2/", timeout=PATIENCE)
            except requests.ConnectionError:
                break
            return address
        assert container.status != "exited", container.logs().decode()
        time.sleep(0.05)
    raise AssertionError(f"no registry: {container.logs().decode()}")
