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
"""A plugin on SpaceONE's own framework takes 2 to 10 s on a slow machine; the platform itself waits 150 s."""

_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Trial:
    """How an image served.

    Attributes:
        services: Full names of its gRPC services.
        seconds: From `docker run` until it served.
        reflection: Whether the server listed them itself; else the Collector alone was asked for.
    """

    services: tuple[str, ...]
    seconds: float
    reflection: bool = True

    def __str__(self) -> str:
        unlisted = "" if self.reflection else " (without reflection: it was asked for this one alone)"
        return f"serves {', '.join(self.services)} after {self.seconds:.1f} s{unlisted}"

    def as_json(self) -> dict[str, Any]:
        """One object for programs."""
        return {
            "services": list(self.services),
            "seconds": round(self.seconds, 3),
            "reflection": self.reflection,
        }


def run_trial(engine: Engine, image: LocalImage, *, seconds: float = TRIAL_SECONDS) -> Trial:
    """Run an image in a container of its own until it serves, and remove that.

    Args:
        engine: That holds the image.
        image: What to run.
        seconds: How long it may take until it serves.

    Raises:
        TrialFailed: it ends, does not serve in time, or serves no collector; with its last words.
        EngineError, EngineUnreachable: it cannot be tried.
    """
    started = time.monotonic()
    with engine.running(image, seconds) as container:
        served = _wait(container, image, started, seconds)
        if COLLECTOR not in served.services:
            shown = ", ".join(served.services) or "nothing that can be asked for"
            _refuse(
                container,
                image,
                f"it serves {shown}, and no {COLLECTOR}",
                "Let its server serve the collector; a plugin on SpaceONE's framework is run as "
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
        reason = f"it was ended {after}: it wanted more than {limit} of memory"
        _refuse(container, image, reason, "Let it take less to start")
    advice = f"Look at its output, and run it by hand: docker run --rm {image.reference}"
    _refuse(container, image, f"its process ended with exit code {code} {after}", advice)


def _advice(container: Container, image: LocalImage, nobody: bool) -> str:
    if not nobody:
        return "Look at its output for what it waits for: a plugin serves without the platform"
    advice = f"Let its server listen on port {PORT} of all addresses, the platform knows no other"
    others = [port for port in image.ports if port != f"{PORT}/tcp"]
    if others:
        advice += f" (the image exposes {', '.join(others)})"
    if container.remote:
        advice += f"; and see that this machine reaches the ports of the engine's, {container.remote}"
    return advice


def _refuse(container: Container, image: LocalImage, reason: str, advice: str) -> NoReturn:
    raise TrialFailed(str(image.reference), reason=reason, advice=advice, output=container.output())
