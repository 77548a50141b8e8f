"""The collector's speed and memory, from its source in this checkout, on the Python that runs this."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc
from spaceone.api.inventory.plugin.collector_pb2 import ResourceInfo

from sandbox.lifecycle import GENERATION
from tests.benchmarks import servers
from tests.benchmarks.floor import store
from tests.benchmarks.harness import Benchmark, BenchmarkError, Goal, Of, Ratio, Rounds, Samples
from tests.benchmarks.servers import Server
from tests.benchmarks.services import programs

_FEW = 5
_MANY = 10_000
_SOME = 5_000
_HUGE, _LARGE, _SMALL = 1_000_000, 100_000, 1_000
_EXTRA = {"2.x": 6, "1.12": 2}  # region and cloud service type; a namespace and its three metrics


def rate(generation: str, rounds: Rounds) -> Samples:
    """Resources a second out of a server that runs, into a client that decodes nothing.

    The floor streams the very bytes that the collector sent before.

    Args:
        generation: `2.x` for metadata by reference, `1.12` for metadata in every resource.
        rounds: How often.
    """
    with ExitStack() as stack:
        options = {
            "count": _MANY,
            "generation": generation,
            "base_url": stack.enter_context(_coins(_MANY, rounds)),
        }
        ours = stack.enter_context(servers.collector())
        recorded = stack.enter_context(_recorded(ours, options))
        floor = stack.enter_context(servers.floor(recorded))

        def measured(server: Server) -> Callable[[], float]:
            collect = stack.enter_context(servers.reading(server))

            def side() -> float:
                started = time.perf_counter()
                count = _counted(collect(**options), _MANY + _EXTRA[generation])
                return count / (time.perf_counter() - started)

            return side

        return rounds.alternate(measured(ours), measured(floor))


def framework(rounds: Rounds) -> Samples:
    """Resources a second of the same coins, out of ours and out of SpaceONE's own framework."""
    with ExitStack() as stack:
        python = programs(GENERATION, rounds.progress) / "python"
        options = {"count": _SOME, "base_url": stack.enter_context(_coins(_SOME, rounds))}

        def measured(server: Server, extra: int) -> Callable[[], float]:
            collect = stack.enter_context(servers.reading(server))

            def side() -> float:
                started = time.perf_counter()
                count = _counted(collect(**options), _SOME + extra)
                return count / (time.perf_counter() - started)

            return side

        ours = stack.enter_context(servers.collector())
        theirs = stack.enter_context(servers.framework(python))
        return rounds.alternate(measured(ours, _EXTRA["2.x"]), measured(theirs, 0))


def first_resource(rounds: Rounds) -> Samples:
    """Seconds from the start of the process to its first cloud service, which has been asked of the source by then."""
    with ExitStack() as stack:
        options = {"count": _FEW, "base_url": stack.enter_context(_coins(_FEW, rounds))}
        with servers.collector() as server:
            recorded = stack.enter_context(_recorded(server, options))

        def measured(start: Callable[[], AbstractContextManager[Server]]) -> float:
            with start() as server, servers.reading(server) as collect:
                for message in collect(**options):
                    if ResourceInfo.FromString(message).resource_type == "inventory.CloudService":
                        return time.perf_counter() - server.started
            raise BenchmarkError("There came no cloud service.")

        return rounds.alternate(
            partial(measured, servers.collector), partial(measured, partial(servers.floor, recorded))
        )


def memory(many: int, few: int, rounds: Rounds) -> Samples:
    """The most memory, in MB, that a fresh process holds while it collects.

    Args:
        many: Resources on our side.
        few: Resources on the other.
        rounds: How often.
    """
    # The prices of a million coins take minutes to work out: beyond 100,000 they repeat under other ids.
    with _coins(many, rounds) as address:

        def measured(count: int) -> float:
            with servers.collector() as server, servers.reading(server) as collect:
                _counted(collect(count=count, base_url=address), count + _EXTRA["2.x"])
                return server.peak

        return rounds.alternate(partial(measured, many), partial(measured, few), warm_up=False)


@contextmanager
def _coins(count: int, rounds: Rounds) -> Iterator[str]:
    with ExitStack() as stack:
        with rounds.progress.step(f"working out the prices of {count:,} coins"):
            address = stack.enter_context(servers.source(count))
        yield address


@contextmanager
def _recorded(server: Server, options: dict[str, object]) -> Iterator[Path]:
    """A file of the messages of one collection, in which nothing failed."""
    with TemporaryDirectory() as folder, servers.reading(server) as collect:
        messages = list(collect(**options))
        failed = [
            info for info in map(ResourceInfo.FromString, messages) if info.state != ResourceInfo.SUCCESS
        ]
        if failed:
            raise BenchmarkError(f"The collection failed: {failed[0].message}")
        path = Path(folder) / "messages"
        store(path, messages)
        yield path


def _counted(stream: Iterator[bytes], wanted: int) -> int:
    try:
        count = sum(1 for _ in stream)
    except grpc.RpcError as error:
        raise BenchmarkError(f"The collection broke off: {error}") from error
    if count != wanted:
        raise BenchmarkError(f"{count} messages came, and {wanted} were wanted.")
    return count


FIRST_RESOURCE = Benchmark(
    name="collector-first-resource",
    what="from the start of the process to the first cloud service",
    against="a bare grpcio server that streams messages serialised beforehand",
    unit="s",
    ratio=Ratio.THEIRS_TO_OURS,
    run=first_resource,
    goal=Goal(Of.MEDIAN, 1, at_most=True),
    rounds=11,
)
VS_FLOOR_REFERENCE = Benchmark(
    name="collector-vs-floor-reference",
    what=f"{_MANY:,} resources with metadata by reference",
    against="the same messages, serialised beforehand",
    unit="1/s",
    ratio=Ratio.OURS_TO_THEIRS,
    run=partial(rate, "2.x"),
    goal=Goal(Of.RATIO, 0.65),
    rounds=9,
)
VS_FLOOR_FULL = Benchmark(
    name="collector-vs-floor-full",
    what=f"{_MANY:,} resources with all metadata in each, as 1.12 wants it",
    against="the same messages, serialised beforehand",
    unit="1/s",
    ratio=Ratio.OURS_TO_THEIRS,
    run=partial(rate, "1.12"),
    goal=Goal(Of.RATIO, 0.6),
    rounds=9,
)
VS_FRAMEWORK = Benchmark(
    name="collector-vs-framework",
    what=f"{_SOME:,} resources with metadata by reference",
    against="the same records on SpaceONE's own plugin framework, at its best",
    unit="1/s",
    ratio=Ratio.OURS_TO_THEIRS,
    run=framework,
    goal=Goal(Of.RATIO, 6),
    rounds=7,
)
MEMORY = Benchmark(
    name="collector-memory",
    what=f"the most memory of a process that collects {_LARGE:,} resources",
    against=f"a process that collects {_SMALL:,}",
    unit="MB",
    ratio=Ratio.OURS_TO_THEIRS,
    run=partial(memory, _LARGE, _SMALL),
    goal=Goal(Of.MEDIAN, 80, at_most=True),
    rounds=3,
    quick=1,
)
MEMORY_GROWTH = Benchmark(
    name="collector-memory-growth",
    what=f"the most memory of a process that collects {_HUGE:,} resources",
    against=f"a process that collects {_LARGE:,}",
    unit="MB",
    ratio=Ratio.OURS_TO_THEIRS,
    run=partial(memory, _HUGE, _LARGE),
    goal=Goal(Of.RATIO, 1.1, at_most=True),
    rounds=1,
    quick=1,
)
