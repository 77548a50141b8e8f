"""The containers of a sandbox as a Compose file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from sandbox.engine.containers import HEALTH_RETRIES, HEALTH_SECONDS, RESTART, TMPFS
from sandbox.machine.probes import HOST

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.engine.containers import Specification


def document(wanted: Iterable[Specification]) -> str:
    """A Compose file that starts the same containers, with the same volumes and network."""
    parts = list(wanted)
    volumes = sorted({volume for each in parts for volume in each.volumes})
    networks = sorted({each.network for each in parts})
    content = {
        "services": {each.part: _service(each) for each in parts},
        "networks": {name: {"name": name, "external": True} for name in networks},
        "volumes": {name: {"name": name, "external": True} for name in volumes},
    }
    return yaml.safe_dump(content, sort_keys=False, width=1000)


def _service(part: Specification) -> dict[str, Any]:
    mounts = [f"{volume}:{path}" for volume, path in part.volumes.items()]
    mounts += [f"{here}:{path}" for here, path in part.files.items()]
    content: dict[str, Any] = {
        "image": part.image,
        "container_name": part.name,
        "hostname": part.part,
        "entrypoint": [],
        "command": [_escaped(word) for word in part.command],
        "environment": {name: _escaped(value) for name, value in part.environment.items()},
        "labels": part.labels,
        "networks": {part.network: {"aliases": [part.part]}},
        "volumes": mounts,
        "ports": [f"{HOST}:{here}:{inside}" for inside, here in part.ports.items()],
        "extra_hosts": [f"{name}:{address}" for name, address in part.hosts.items()],
        "user": part.user,
        "group_add": list(part.groups),
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "read_only": True,
        "tmpfs": [":".join(TMPFS)],
        "mem_limit": f"{part.memory}m",
        "memswap_limit": f"{part.memory}m",
        "pids_limit": part.processes,
        "init": True,
        "restart": RESTART,
        "healthcheck": {
            "test": ["CMD-SHELL", _escaped(part.health)],
            "retries": HEALTH_RETRIES,
            **{name: f"{seconds}s" for name, seconds in HEALTH_SECONDS.items()},
        },
    }
    return {name: value for name, value in content.items() if value != [] or name == "entrypoint"}


def _escaped(text: str) -> str:
    """Compose replaces `$NAME`; `$$` is a dollar sign."""
    return text.replace("$", "$$")
