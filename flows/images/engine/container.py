"""A container that runs an image for a short time as the platform runs a plugin, and that is always removed.

SpaceONE's supervisor (`DockerConnector.run` of spaceone-supervisor 1.12 and 2.x) gives a plugin the image's own
command, no environment, and one published port, 50051 inside. The rest protects the host from a bad
image: a port on loopback only if the engine is local, and limits for memory, swap, processes and the log. Restrictions
can be added, which the platform does not have.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from docker.errors import APIError
from docker.types import LogConfig

from flows.images.engine import apart, left_over
from flows.images.engine.connection import LOST, answering, remote_host
from flows.images.engine.restrictions import NONE, Restriction, options
from flows.images.errors import TrialFailed
from flows.spaceone import Endpoint
from flows.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker
    from docker.models.containers import Container as DockerContainer

    from flows.images.engine.local import LocalImage

PORT = 50051
"""The port where the platform expects a plugin to listen; the supervisor uses no other."""

MEMORY_BYTES = 2**30
PROCESSES = 512
_LOG_SIZE = "4m"

_LOOPBACK = "127.0.0.1"
_LINES, _LINE_LENGTH = 20, 300
_NANOSECONDS = 10**9


@dataclass(frozen=True, slots=True)
class Process:
    """A container's main process: whether it runs; after its end, the exit code and whether memory ran out."""

    running: bool
    exit_code: int
    out_of_memory: bool


class Container:
    """A running container, and the addresses of its port.

    Every method raises EngineError or EngineUnreachable if the engine does not return the answer.

    Attributes:
        remote: The engine's machine; None if it is this one.
        restrictions: What it does without.
        open_network: Why its network has a way out, although it should have none; empty otherwise.
    """

    def __init__(
        self,
        found: DockerContainer,
        address: str,
        restrictions: frozenset[Restriction] = NONE,
        open_network: str = "",
    ) -> None:
        self._found = found
        self._address = address
        self.remote = remote_host(address)
        self.restrictions = restrictions
        self.open_network = open_network

    def process(self) -> Process:
        """Return the state of its main process."""
        with answering(self._address, "looking at the trial's container"):
            self._found.reload()
        state = self._found.attrs["State"]
        return Process(bool(state["Running"]), int(state["ExitCode"]), bool(state.get("OOMKilled")))

    def endpoints(self) -> list[Endpoint]:
        """The addresses of its port, the likelier first; from the last call of `process`."""
        network = self._found.attrs["NetworkSettings"]
        if Restriction.NETWORK in self.restrictions:
            joined = (network.get("Networks") or {}).values()
            return [Endpoint(each["IPAddress"], PORT, False) for each in joined if each.get("IPAddress")]
        published = (network.get("Ports") or {}).get(f"{PORT}/tcp") or []
        host = f"[{self.remote}]" if self.remote and ":" in self.remote else self.remote
        found = [Endpoint(host or _LOOPBACK, int(each["HostPort"]), False) for each in published]
        # In a container with the engine's socket, only the bridge reaches the host, not the loopback address.
        if not self.remote and Path("/.dockerenv").exists() and network.get("IPAddress"):
            found.append(Endpoint(network["IPAddress"], PORT, False))
        return found

    def changes(self) -> list[str]:
        """Return the paths that it has added, changed or removed; no folder that contains another of them."""
        with answering(self._address, "reading the changes of the trial's container"):
            found = self._found.diff() or []
        paths = [PurePosixPath(str(each["Path"])) for each in found]
        folders = {parent for path in paths for parent in path.parents}
        return sorted(str(path) for path in paths if path not in folders)

    def cpu_seconds(self) -> float:
        """Return the CPU time that it has used, in seconds; 0 if the engine does not measure it."""
        with answering(self._address, "reading the CPU time of the trial's container"):
            stats: Any = self._found.stats(stream=False, one_shot=True)
        usage = (stats.get("cpu_stats") or {}).get("cpu_usage") or {}
        return float(usage.get("total_usage") or 0) / _NANOSECONDS

    def output(self, lines: int = _LINES) -> list[str]:
        """Return the last lines of its log; long lines are cut."""
        with answering(self._address, "reading the log of the trial's container"):
            return last_lines(self._found, lines)


def last_lines(container: DockerContainer, lines: int = _LINES, **options: Any) -> list[str]:
    """The last lines of a container's log that are not empty; long ones are cut.

    Args:
        container: Of the engine's client.
        lines: How many.
        options: More arguments of the client's `logs`.
    """
    text = container.logs(tail=lines, **options).decode(errors="replace")
    found = [line.rstrip() for line in text.splitlines() if line.strip()]
    return [shortened(line, _LINE_LENGTH) for line in found[-lines:]]


@contextlib.contextmanager
def running(
    client: docker.DockerClient,
    address: str,
    image: LocalImage,
    seconds: float,
    restrictions: frozenset[Restriction] = NONE,
) -> Iterator[Container]:
    """Run an image in a container that is removed at the end, whatever happens inside.

    Args:
        client: The engine's client.
        address: The engine's address.
        image: What to run.
        seconds: How long it is needed. Ten minutes after that time, any later trial on this engine removes it: only a
            pipeline that was killed leaves a container behind, and its network.
        restrictions: What it does without. A network without a way out is possible on an engine of this machine
            only; otherwise its port is published as usual, and the container says so.

    Raises:
        TrialFailed: the engine cannot start it.
        EngineError, EngineUnreachable: it cannot create one.
    """
    name = left_over.name()
    try:
        with answering(address, f"making a container of {image.reference}"):
            left_over.remove(client)
            labels = left_over.labels(seconds)
            open_network = _open_network(client, address, name, labels, restrictions)
            if open_network:
                restrictions -= {Restriction.NETWORK}
            made = client.containers.create(
                image.id,
                name=name,
                labels=labels,
                mem_limit=MEMORY_BYTES,
                memswap_limit=MEMORY_BYTES,
                pids_limit=PROCESSES,
                log_config=LogConfig(type=LogConfig.types.JSON, config={"max-size": _LOG_SIZE}),
                **options(restrictions),
                **_reached(address, name, restrictions),
            )
        with answering(address, f"starting a container of {image.reference}"):
            _start(made, image)
        yield Container(made, address, restrictions, open_network)
    finally:
        # By name: it may exist although the answer to the create call never arrived. If the engine does not respond
        # now, an error was raised already; the next trial removes what is left over.
        with contextlib.suppress(APIError, *LOST):
            client.api.remove_container(name, v=True, force=True)
        if Restriction.NETWORK in restrictions:
            apart.remove(client, name)


def _open_network(
    client: docker.DockerClient,
    address: str,
    name: str,
    labels: dict[str, str],
    restrictions: frozenset[Restriction],
) -> str:
    """Make the network without a way out if one is wanted. Why there is none although one is wanted, else empty."""
    if Restriction.NETWORK not in restrictions:
        return ""
    if remote_host(address):
        return "the engine is on another machine"
    return apart.make(client, name, labels) or ""


def _reached(address: str, name: str, restrictions: frozenset[Restriction]) -> dict[str, Any]:
    """The arguments that decide where its port is reached."""
    if Restriction.NETWORK in restrictions:
        return {"network": name, "dns": apart.DNS}
    remote = remote_host(address)
    published_on = ("::" if ":" in remote else "0.0.0.0") if remote else _LOOPBACK
    return {"ports": {f"{PORT}/tcp": (published_on, 0)}}


def _start(container: DockerContainer, image: LocalImage) -> None:
    try:
        container.start()
    except APIError as error:
        raise TrialFailed(
            str(image.reference),
            reason=f"it cannot be started: {error.explanation or error}",
            advice="Correct ENTRYPOINT and CMD in the Dockerfile",
        ) from error
