"""spacectl of a sandbox's generation, unmodified, in a container that is removed afterwards."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker.errors import DockerException

from sandbox.engine import containers
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import docker

    from sandbox.machine.layout import Layout

_SERVICE = "identity"  # its image has the generation's spacectl


def run(client: docker.DockerClient, layout: Layout, words: Sequence[str]) -> tuple[int, bytes, bytes]:
    """Run spacectl with the sandbox's environments. It sees the current folder, and uses this machine's network.

    Args:
        client: the engine's client.
        layout: the sandbox, which must run.
        words: the arguments.

    Returns:
        The exit code, standard output and standard error. (spacectl exits with 0 after most errors.)

    Raises:
        SandboxError: the sandbox does not run, or the container cannot be started.
    """
    service = containers.of_sandbox(client, layout.identifier).get(_SERVICE)
    if service is None:
        raise SandboxError(
            "The sandbox does not run.", f"Start it: pluginctl sandbox up --generation {layout.root.name}"
        )
    here = str(Path.cwd())
    volumes = {str(layout.spacectl_home): "/home/spacectl", here: here}
    try:
        container = client.containers.create(
            service.attrs["Image"],
            ["spacectl", *words],
            entrypoint=[],
            environment={"HOME": "/home/spacectl", "PYTHONWARNINGS": "ignore", "COLUMNS": _columns()},
            volumes={path: {"bind": inside, "mode": "rw"} for path, inside in volumes.items()},
            working_dir=here,
            user=f"{os.getuid()}:{os.getgid()}",
            network_mode="host",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
        )
        try:
            container.start()
            code = int(container.wait()["StatusCode"])
            output: Any = container.logs(stdout=True, stderr=False)
            errors: Any = container.logs(stdout=False, stderr=True)
        finally:
            with suppress(DockerException):
                container.remove(force=True)
    except DockerException as error:
        raise SandboxError(f"spacectl cannot be started in a container: {error}") from error
    return code, bytes(output), bytes(errors)


def _columns() -> str:
    return os.environ.get("COLUMNS", "160")
