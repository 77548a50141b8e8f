"""The trial run of an image: started as the platform starts it, it must serve a collector before it is pushed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from flows.images.engine.container import MEMORY_BYTES, PORT
from flows.images.engine.serving import COLLECTOR, NotServing, Served, ask
from flows.images.errors import TrialFailed

if TYPE_CHECKING:
    from flows.images.engine.client import Engine
    from flows.images.engine.container import Container
    from flows.images.engine.local import LocalImage

TRIAL_SECONDS = 60.0
"""A plugin that uses SpaceONE's framework needs 2 to 10 s on a slow machine; the platform waits 150 s."""

_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of a trial run.

    Attributes:
        services: Full names of its gRPC services.
        seconds: Seconds from `docker run` until it served.
        reflection: Whether the server listed its services; if not, only the Collector was checked.
    """

    services: tuple[str, ...]
    seconds: float
    reflection: bool = True

    def __str__(self) -> str:
        unlisted = "" if self.reflection else " (no reflection: only this service was checked)"
        return f"serves {', '.join(self.services)} after {self.seconds:.1f} s{unlisted}"

    def as_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "services": list(self.services),
            "seconds": round(self.seconds, 3),
            "reflection": self.reflection,
        }


def run_trial(engine: Engine, image: LocalImage, *, seconds: float = TRIAL_SECONDS) -> Trial:
    """Run an image in a new container until it serves, and remove the container.

    Args:
        engine: The engine that has the image.
        image: What to run.
        seconds: How long it may take until it serves.

    Raises:
        TrialFailed: it ends, does not serve in time, or serves no collector; the error has its last lines.
        EngineError, EngineUnreachable: the container cannot be created or observed.
    """
    started = time.monotonic()
    with engine.running(image, seconds) as container:
        served = _wait(container, image, started, seconds)
        if COLLECTOR not in served.services:
            shown = ", ".join(served.services) or "no service"
            _refuse(
                container,
                image,
                f"it does not serve {COLLECTOR}; it lists {shown}",
                "Make its server serve the collector; start a plugin that uses SpaceONE's framework with "
                "`spaceone run plugin-server plugin`",
            )
        return Trial(served.services, time.monotonic() - started, served.reflection)


def _wait(container: Container, image: LocalImage, started: float, seconds: float) -> Served:
    while True:
        process = container.process()
        if not process.running:
            _refuse_ended(container, image, process.exit_code, process.out_of_memory, started)
        reason, nobody = "its port is not published", True
        for endpoint in container.endpoints():
            try:
                return ask(endpoint)
            except NotServing as error:
                reason, nobody = str(error), error.nobody
        if time.monotonic() - started > seconds:
            where = f"it does not serve at port {PORT} within {seconds:g} s: {reason}"
            _refuse(container, image, where, _advice(container, image, nobody))
        time.sleep(_PAUSE_SECONDS)


def _refuse_ended(
    container: Container, image: LocalImage, code: int, out_of_memory: bool, started: float
) -> NoReturn:
    after = f"after {time.monotonic() - started:.1f} s, before it served"
    if out_of_memory:
        limit = f"{MEMORY_BYTES // 2**20} MiB"
        reason = f"it was stopped {after}: it needed more than {limit} of memory"
        _refuse(container, image, reason, "Reduce the memory that it needs to start")
    advice = f"Look at its output, and run it by hand: docker run --rm {image.reference}"
    _refuse(container, image, f"its process ended with exit code {code} {after}", advice)


def _advice(container: Container, image: LocalImage, nobody: bool) -> str:
    if not nobody:
        return "Its output may show what it waits for. A plugin must serve without the platform"
    advice = f"Make its server listen on port {PORT} on all addresses; the platform uses no other port"
    others = [port for port in image.ports if port != f"{PORT}/tcp"]
    if others:
        advice += f" (the image exposes {', '.join(others)})"
    if container.remote:
        advice += (
            f". Also check that this machine can reach the ports of {container.remote}, where the engine runs"
        )
    return advice


def _refuse(container: Container, image: LocalImage, reason: str, advice: str) -> NoReturn:
    raise TrialFailed(str(image.reference), reason=reason, advice=advice, output=container.output())
