"""Containers: what one should be, and making the engine's containers equal to that."""

from __future__ import annotations

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.types import EndpointConfig, Healthcheck, LogConfig, Mount

from sandbox.engine.building import image_names
from sandbox.errors import SandboxError
from sandbox.machine.probes import HOST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import docker
    from docker.models.containers import Container

SANDBOX = "pluginctl.sandbox"
"""The label of everything that belongs to a sandbox; its value is the sandbox's identifier. See `members`."""
PART = "pluginctl.part"
_SPEC = "pluginctl.specification"
USER = "10001:10001"
"""The user of the images that are built here."""
STOP_SECONDS = 10
TMPFS = ("/tmp", "size=256m,mode=1777")  # noqa: S108 - inside the container
"""The only folder besides volumes that a container may write to, and its options. It is in memory."""
HEALTH_SECONDS = {"interval": 60, "timeout": 10, "start_period": 60}
HEALTH_RETRIES = 1
# Not `unless-stopped`: a killed engine, once restarted, stops what it finds and takes it for stopped by hand.
RESTART = "always"
_NANOSECONDS = 10**9
_LOG = {"max-size": "10m", "max-file": "2"}
_MIB = 2**20


@dataclass(frozen=True)
class Specification:
    """What a container should be. Two equal specifications make equal containers.

    Attributes:
        sandbox: the sandbox's identifier.
        part: its name in the sandbox, which is also its host name on the network.
        image: the image's name, or its id.
        command: the program and its arguments.
        environment: its variables.
        volumes: paths inside by the name of the volume.
        files: paths inside by path on this machine, such as the engine's socket.
        ports: ports on this machine by port inside; they are published on 127.0.0.1 alone.
        page: the path of a page that answers at the published port once the part works; without one, a part with a
            port is a gRPC server.
        health: a shell command that fails if the part does not work; the engine runs it once a minute.
        user: `uid:gid`.
        groups: more groups of the user.
        memory: the limit, in MiB.
        processes: the limit.
        hosts: addresses by host name, in addition to the network's own.
    """

    sandbox: str
    part: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    volumes: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[int, int] = field(default_factory=dict)
    page: str = ""
    health: str = ""
    user: str = USER
    groups: tuple[str, ...] = ()
    memory: int = 512
    processes: int = 512
    hosts: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The container's name on the engine."""
        return container_name(self.sandbox, self.part)

    @property
    def network(self) -> str:
        """The name of its network."""
        return network_name(self.sandbox)

    @property
    def digest(self) -> str:
        """Identifies the specification; the container has it as a label."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    @property
    def labels(self) -> dict[str, str]:
        """The container's labels."""
        return {SANDBOX: self.sandbox, PART: self.part, _SPEC: self.digest}


def network_name(sandbox: str) -> str:
    """The name of a sandbox's network."""
    return f"pluginctl-{sandbox}"


def container_name(sandbox: str, part: str) -> str:
    """The name of a part's container, and of its volume if it has one."""
    return f"pluginctl-{sandbox}-{part}"


def ensure(client: docker.DockerClient, wanted: Specification) -> Container:
    """Return the running container of a specification; it is made, made again or started if necessary.

    Raises:
        SandboxError: the engine cannot make or start it.
    """
    try:
        container = _find(client, wanted.name)
        if container and container.labels.get(_SPEC) != wanted.digest:
            container.remove(force=True)
            container = None
        if container is None:
            container = _create(client, wanted)
        if container.status not in {"running", "restarting"}:
            container.start()
    except (DockerException, OSError) as error:
        reason = getattr(error, "explanation", None) or error
        raise SandboxError(
            f"The container of {wanted.part} cannot be started: {reason}",
            "If its port is in use, stop the program that uses it.",
        ) from error
    return container


def running(client: docker.DockerClient, wanted: Specification) -> Container | None:
    """The container of a specification, if it runs as it should be."""
    container = _find(client, wanted.name)
    if container and container.status == "running" and container.labels.get(_SPEC) == wanted.digest:
        return container
    return None


def _create(client: docker.DockerClient, wanted: Specification) -> Container:
    restart: Any = {"Name": RESTART}  # docker's own types also require a number that only other policies have
    mounts = [Mount(path, volume, type="volume") for volume, path in wanted.volumes.items()]
    mounts += [Mount(path, here, type="bind") for here, path in wanted.files.items()]
    return client.containers.create(
        wanted.image,
        list(wanted.command),
        name=wanted.name,
        hostname=wanted.part,
        entrypoint=[],
        labels=wanted.labels,
        environment=dict(wanted.environment),
        mounts=mounts,
        ports={f"{inside}/tcp": (HOST, port) for inside, port in wanted.ports.items()},
        network=wanted.network,
        networking_config={wanted.network: EndpointConfig("1.41", aliases=[wanted.part])},
        extra_hosts=dict(wanted.hosts),
        healthcheck=_healthcheck(wanted.health) if wanted.health else None,
        user=wanted.user,
        group_add=list(wanted.groups),
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        read_only=True,
        tmpfs=dict([TMPFS]),
        mem_limit=wanted.memory * _MIB,
        memswap_limit=wanted.memory * _MIB,
        pids_limit=wanted.processes,
        init=True,
        restart_policy=restart,
        log_config=LogConfig(type=LogConfig.types.JSON, config=_LOG),
    )


def _healthcheck(command: str) -> Healthcheck:
    return Healthcheck(
        test=["CMD-SHELL", command],
        retries=HEALTH_RETRIES,
        interval=HEALTH_SECONDS["interval"] * _NANOSECONDS,
        timeout=HEALTH_SECONDS["timeout"] * _NANOSECONDS,
        start_period=HEALTH_SECONDS["start_period"] * _NANOSECONDS,
    )


def _find(client: docker.DockerClient, name: str) -> Container | None:
    try:
        return client.containers.get(name)
    except NotFound:
        return None


def members(client: docker.DockerClient, sandbox: str) -> list[Container]:
    """The containers of a sandbox, running or not: its parts, and the plugins that its supervisor started.

    A container has the labels of its image as well, and whoever made the image chose those. Only whoever makes a
    container chooses its network and its name.
    """
    found = client.containers.list(all=True, filters={"label": f"{SANDBOX}={sandbox}"}, ignore_removed=True)
    return [each for each in found if each.attrs["HostConfig"]["NetworkMode"] == network_name(sandbox)]


def of_sandbox(client: docker.DockerClient, sandbox: str) -> dict[str, Container]:
    """The containers of a sandbox's parts, by the part's name."""
    return {part: each for each in members(client, sandbox) if (part := _part(each))}


def part_of(container: Container) -> str:
    """The name of the part that a container of a sandbox is; for a plugin the container's name."""
    return _part(container) or str(container.name)


def is_part(container: Container) -> bool:
    """Whether a container of a sandbox is a part; otherwise it is a plugin's."""
    return _part(container) is not None


def _part(container: Container) -> str | None:
    sandbox, part = (container.labels.get(label, "") for label in (SANDBOX, PART))
    return part if part and container.name == container_name(sandbox, part) else None


def stop(found: Iterable[Container]) -> None:
    """Stop and remove containers, all at the same time. It is no error if one no longer exists."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        list(pool.map(_stop, found))


def _stop(container: Container) -> None:
    with suppress(NotFound, APIError):
        container.stop(timeout=STOP_SECONDS)
    remove([container])


def remove(found: Iterable[Container]) -> None:
    """Remove containers immediately. It is no error if one no longer exists."""
    for container in found:
        with suppress(NotFound, APIError):
            container.remove(force=True, v=True)


def execute(container: Container, command: Sequence[str]) -> str:
    """The output of a program that is run in a container.

    Raises:
        SandboxError: it failed.
    """
    result: Any = container.exec_run(list(command))
    text = str(result.output.decode(errors="replace")).strip()
    if result.exit_code:
        raise SandboxError(
            f"`{command[0]}` failed in the container {container.name} with exit code {result.exit_code}.",
            details=text.splitlines()[-12:],
        )
    return text


def succeeds(container: Container, command: str) -> bool:
    """Whether a shell command succeeds in a container now."""
    try:
        code, _ = container.exec_run(["sh", "-c", command])
    except (DockerException, OSError):
        return False
    return code == 0


def network(client: docker.DockerClient, sandbox: str) -> None:
    """Make the network of a sandbox if it does not exist."""
    name = network_name(sandbox)
    if not client.networks.list(names=[f"^{name}$"]):
        client.networks.create(name, driver="bridge", labels={SANDBOX: sandbox}, check_duplicate=True)


def volume(client: docker.DockerClient, name: str, labels: Mapping[str, str]) -> None:
    """Make a volume if it does not exist. It keeps the labels with which it was made."""
    if volume_labels(client, name) is None:
        client.volumes.create(name, labels=dict(labels))


def volume_labels(client: docker.DockerClient, name: str) -> Mapping[str, str] | None:
    """The labels of a volume; None if it does not exist."""
    try:
        labels: Mapping[str, str] = client.volumes.get(name).attrs.get("Labels") or {}
    except NotFound:
        return None
    return labels


def remove_networks(client: docker.DockerClient, sandbox: str) -> None:
    """Remove the networks of a sandbox, and the containers of it that are left.

    The engine finishes what it was asked for: a plugin's container may appear after the supervisor, which asked for it,
    was stopped.

    Raises:
        SandboxError: containers that are not the sandbox's are connected.
    """
    deadline = time.monotonic() + STOP_SECONDS
    for each in client.networks.list(filters={"label": f"{SANDBOX}={sandbox}"}):
        while not _is_removed(each):
            if time.monotonic() > deadline:
                raise _in_use(each)
            stop(members(client, sandbox))
            time.sleep(0.2)


def _is_removed(network: Any) -> bool:
    try:
        network.remove()
    except NotFound:
        return True
    except APIError as error:
        if error.status_code == HTTPStatus.FORBIDDEN:  # containers are connected
            return False
        raise
    return True


def _in_use(network: Any) -> SandboxError:
    network.reload()
    names = sorted(each["Name"] for each in network.attrs["Containers"].values())
    return SandboxError(
        f"The network {network.name} cannot be removed: {', '.join(names) or 'a container'} is connected to it.",
        f"Disconnect what is not the sandbox's: docker network disconnect {network.name} CONTAINER. Then stop the "
        "sandbox again.",
    )


def volumes(client: docker.DockerClient, sandbox: str) -> list[Any]:
    """The volumes of a sandbox."""
    found: list[Any] = client.volumes.list(filters={"label": f"{SANDBOX}={sandbox}"})
    return found


def remove_volumes(client: docker.DockerClient, sandbox: str) -> None:
    """Remove the volumes of a sandbox, which has no containers any more."""
    for each in volumes(client, sandbox):
        with suppress(NotFound):
            each.remove(force=True)


def remove_images(client: docker.DockerClient, registry: str) -> None:
    """Remove the engine's copies of the images of a registry (`host:port`)."""
    for name in image_names(client):
        if name.startswith(f"{registry}/"):
            with suppress(ImageNotFound, APIError):
                client.images.remove(name)
