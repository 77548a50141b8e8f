"""The trial run of an image: it must serve what it is registered as before it is pushed.

It is run with every restriction first, which most plugins do not notice. One that does not serve so is run a second
time as the platform runs it, which decides. Then further short runs find out which restriction it did not stand.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

from flows.images.engine.container import MEMORY_BYTES, PORT
from flows.images.engine.patience import START_SECONDS, WALL_FACTOR, Patience
from flows.images.engine.restrictions import ALL, NONE, Restriction
from flows.images.engine.serving import NotDescribed, NotServing, Served, ask
from flows.images.errors import EngineError, EngineUnreachable, TrialFailed
from flows.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.images.engine.client import Engine
    from flows.images.engine.container import Container, Process
    from flows.images.engine.local import LocalImage
    from flows.plugin_kinds import Expected
    from flows.spaceone import Endpoint

HEAD_START_SECONDS = 10.0
"""How long the restricted container runs alone. Then the other one is started beside it, so that a slow plugin does not
take twice its time."""

FINDING_SECONDS = 30.0
"""How long it may take to find out which restrictions a plugin does not stand."""

SAYING_SECONDS = 10.0
"""How often a trial says that a container still starts."""

_PAUSE_SECONDS, _LONG_PAUSE_SECONDS = 0.1, 0.5
_LOOKING_SECONDS = 1.0
"""How often the CPU time of a container is read."""

_SHOWN_PATHS = 3
_LINE_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of a trial run.

    Attributes:
        services: Full names of its gRPC services.
        seconds: Seconds from `docker run` until it served.
        restrictions: What it did without; empty if it served only as the platform runs it.
        remarks: What it needs that it was not given at first, and which restriction was not possible here.
    """

    services: tuple[str, ...]
    seconds: float
    restrictions: frozenset[Restriction] = NONE
    remarks: tuple[str, ...] = ()

    def __str__(self) -> str:
        *first, last = [each.lacking for each in Restriction if each in self.restrictions] or [""]
        without = " or ".join(filter(None, (", ".join(first), last)))
        how = f"without {without}" if without else "as the platform runs it"
        served = f"serves {', '.join(self.services)} after {self.seconds:.1f} s, {how}"
        return ". ".join((served, *self.remarks))

    def as_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "services": list(self.services),
            "seconds": round(self.seconds, 3),
            "reflection": True,  # a server without it is refused
            "restrictions": sorted(self.restrictions),
            "remarks": list(self.remarks),
        }


def run_trial(
    engine: Engine,
    image: LocalImage,
    expected: Expected,
    *,
    seconds: float = START_SECONDS,
    on_output: Callable[[str], None] = lambda _line: None,
    on_served: Callable[[Endpoint], None] = lambda _endpoint: None,
) -> Trial:
    """Run an image until it serves, and remove its containers.

    Args:
        engine: The engine that has the image.
        image: What to run.
        expected: What it must serve.
        seconds: How long it may take until it serves: CPU time while it works, otherwise the time that passes. In all
            it may take six times as long.
        on_output: Called with a line every ten seconds while it starts.
        on_served: Called with its address as soon as it serves. What it raises ends the trial.

    Raises:
        TrialFailed: run as the platform runs it, it ends, does not serve in time, cannot be called by the platform, or
            serves something else than what is expected; the error has its last lines.
        EngineError, EngineUnreachable: the container cannot be created or observed.
    """
    tried = _Tried(engine, image, expected, on_served)
    with ExitStack() as stack:
        restricted, problem = _restricted(stack, tried, seconds)
        plain: _Run | None = None
        result: Trial | None = None
        patience = 0.0
        said = SAYING_SECONDS
        while True:
            if restricted:
                try:
                    if served := restricted.look():
                        return restricted.result(served)
                except TrialFailed as error:
                    problem, restricted = error.reason, None
            alone = restricted is not None and restricted.seconds < HEAD_START_SECONDS
            if plain is None and not alone:
                plain = _Run(stack, tried, _patience(seconds), NONE)
            if plain and result is None and (served := plain.look()):
                result = plain.result(served)
                # On a busy machine the restricted container may be the slower one by chance.
                patience = HEAD_START_SECONDS + 2 * result.seconds
            if plain and result and (restricted is None or restricted.seconds > patience):
                break
            run = restricted or plain
            if run and run.seconds >= said:
                said = run.seconds + SAYING_SECONDS
                on_output(run.progress())
            slow = run is not None and run.seconds >= HEAD_START_SECONDS
            time.sleep(_LONG_PAUSE_SECONDS if slow else _PAUSE_SECONDS)
        written = [path for path in plain.container.changes() if not _is_no_need(path)]
    needs = _needs(tried, result.seconds, written)
    if not needs:
        problem = problem or f"it did not serve within {patience:.0f} s"
        needs = (
            f"It did not serve with restrictions ({problem}); which one it does not stand was not found out",
        )
    return replace(result, remarks=(*needs, *expected.lacking(result.services)))


@dataclass(frozen=True, slots=True)
class _Tried:
    """An image, the engine that has it, what it must serve, and what is told where it serves."""

    engine: Engine
    image: LocalImage
    expected: Expected
    on_served: Callable[[Endpoint], None]


class _Run:
    """One container of a trial run; `container` is removed with the stack.

    Args:
        stack: Removes it.
        tried: What to run, and where.
        patience: How long it is waited for.
        restrictions: What it does without.
    """

    def __init__(
        self,
        stack: ExitStack,
        tried: _Tried,
        patience: Patience,
        restrictions: frozenset[Restriction],
    ) -> None:
        self._image, self._expected, self._on_served = tried.image, tried.expected, tried.on_served
        self._endpoint: Endpoint | None = None
        self._patience, self._started = patience, time.monotonic()
        self.container = stack.enter_context(tried.engine.running(tried.image, patience.wall, restrictions))

    @property
    def seconds(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._started

    def look(self) -> Served | None:
        """What it serves; None if it does not serve yet.

        Raises:
            TrialFailed: it ended, its time is over, the platform cannot call it, or it serves something else.
        """
        process = self.container.process()
        if not process.running:
            self._refuse_ended(process)
        reason, listens = "its port is not published", False
        for endpoint in self.container.endpoints():
            try:
                served = ask(endpoint, self._expected)
            except NotServing as error:
                if not listens:
                    reason, listens = str(error), error.listens
            except NotDescribed as error:
                self._refuse(f"its server {error}", error.advice)
            else:
                self._check(served)
                self._endpoint = endpoint
                return served
        self._wait(reason, listens)
        return None

    def progress(self) -> str:
        """How far it is, in one line: how long it has run, and its last words."""
        self._read_time()
        last = self.container.output(1)
        words = f": {quoted(last[0], _LINE_LENGTH)}" if last else ", and has written nothing"
        return f"still starting after {self._patience}{words}"

    def result(self, served: Served) -> Trial:
        """The result of the trial if this run counts."""
        if self._endpoint:
            self._on_served(self._endpoint)
        open_network = self.container.open_network
        out = (f"Its network had a way out: {open_network}",) if open_network else ()
        remarks = (*out, *self._expected.lacking(served.services))
        return Trial(served.services, self.seconds, self.container.restrictions, remarks)

    def _wait(self, reason: str, listens: bool) -> None:
        if self.seconds - self._patience.seconds < _LOOKING_SECONDS:
            return
        self._read_time()
        if not self._patience.is_over:
            return
        state = "listens, but does not serve" if listens else "runs, but does not listen"
        self._refuse(
            f"it {state} at port {PORT} after {self._patience}: {reason}",
            _advice(self.container, self._image, listens, self._patience.limit),
        )

    def _read_time(self) -> None:
        try:
            cpu = self.container.cpu_seconds()
        except EngineUnreachable:
            raise
        except EngineError:  # an engine that does not measure it
            cpu = 0.0
        self._patience.note(self.seconds, cpu)

    def _check(self, served: Served) -> None:
        if not self._expected.is_served(served.services):
            self._refuse(*self._expected.contradiction(served.services))

    def _refuse_ended(self, process: Process) -> NoReturn:
        after = f"after {self.seconds:.1f} s, before it served"
        if process.out_of_memory:
            limit = f"{MEMORY_BYTES // 2**20} MiB"
            reason = f"it was stopped {after}: it needed more than {limit} of memory"
            self._refuse(reason, "Reduce the memory that it needs to start")
        advice = f"Look at its output, and run it by hand: docker run --rm {self._image.reference}"
        self._refuse(f"its process ended with exit code {process.exit_code} {after}", advice)

    def _refuse(self, reason: str, advice: str) -> NoReturn:
        output = self.container.output()
        raise TrialFailed(str(self._image.reference), reason=reason, advice=advice, output=output)


def _restricted(stack: ExitStack, tried: _Tried, seconds: float) -> tuple[_Run | None, str]:
    """The run with every restriction; None, and why, if it does not even start so."""
    try:
        return _Run(stack, tried, _patience(seconds), ALL), ""
    except EngineUnreachable:
        raise
    except TrialFailed as error:
        return None, error.reason
    except EngineError as error:  # an engine that does not know a restriction
        return None, error.message


def _needs(tried: _Tried, took: float, written: list[str]) -> tuple[str, ...]:
    """What a plugin needs that the restricted container did not have: one short run for each restriction.

    Args:
        tried: What to run, and where.
        took: Seconds until it served without restrictions.
        written: The paths that it changed there.
    """
    until, patience = time.monotonic() + FINDING_SECONDS, 2 * took + 2
    found = []
    for restriction in Restriction:
        if time.monotonic() + patience > until:
            break
        why = _failure(tried, patience, restriction)
        if why and restriction is Restriction.FILES and written:
            more = f" and {len(written) - _SHOWN_PATHS} more" if len(written) > _SHOWN_PATHS else ""
            why = f"it writes {', '.join(map(printable, written[:_SHOWN_PATHS]))}{more}"
        if why:
            found.append(f"It needs {restriction.lacking}: {why}")
    return tuple(found)


def _failure(tried: _Tried, seconds: float, restriction: Restriction) -> str:
    """Why an image does not serve with one restriction alone; empty if it does, or if that cannot be said."""
    try:
        with ExitStack() as stack:
            run = _Run(stack, tried, Patience(seconds, 3 * seconds), frozenset({restriction}))
            while restriction in run.container.restrictions and run.look() is None:
                time.sleep(_PAUSE_SECONDS)
    except TrialFailed as error:
        return (
            f"otherwise its last line is {quoted(error.details[-1], _LINE_LENGTH)}"
            if error.details
            else error.reason
        )
    except EngineError:
        pass  # the trial itself was a success
    return ""


def _is_no_need(path: str) -> bool:
    """Whether a plugin may write there in any case, or serves as well if it cannot: Python's caches."""
    return path.startswith("/tmp/") or path.endswith((".pyc", "/__pycache__"))  # noqa: S108 - inside the container


def _patience(seconds: float) -> Patience:
    return Patience(seconds, WALL_FACTOR * seconds)


def _advice(container: Container, image: LocalImage, listens: bool, limit: float) -> str:
    longer = f". If it only needs longer to start, raise `start_seconds` in the environment (now {limit:g})"
    if listens:
        advice = (
            "Its output may show what it waits for. A plugin must serve without TLS, and without the platform"
        )
        return advice + longer
    advice = f"Make its server listen on port {PORT} on all addresses; the platform uses no other port"
    others = [port for port in image.ports if port != f"{PORT}/tcp"]
    if others:
        advice += f" (the image exposes {', '.join(others)})"
    if container.remote:
        advice += (
            f". Also check that this machine can reach the ports of {container.remote}, where the engine runs"
        )
    return advice + longer
