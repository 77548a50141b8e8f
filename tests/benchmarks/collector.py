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

from tests.benchmarks import servers
from tests.benchmarks.floor import store
from tests.benchmarks.harness import Benchmark, BenchmarkError, Goal, Of, Ratio, Rounds, Samples
from tests.benchmarks.servers import Server

_FEW = 5
_MANY = 10_000
_LARGE, _SMALL = 100_000, 1_000
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
                count = _count(collect(**options), _MANY, generation)
                return count / (time.perf_counter() - started)

            return side

        return rounds.alternate(measured(ours), measured(floor))


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


def memory(rounds: Rounds) -> Samples:
    """The most memory, in MB, that a fresh process holds while it collects."""
    with _coins(_LARGE, rounds) as address:

        def measured(count: int) -> float:
            with servers.collector() as server, servers.reading(server) as collect:
                _count(collect(count=count, base_url=address), count)
                return server.peak

        return rounds.alternate(partial(measured, _LARGE), partial(measured, _SMALL), warm_up=False)


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


def _count(stream: Iterator[bytes], wanted: int, generation: str = "2.x") -> int:
    try:
        count = sum(1 for _ in stream)
    except grpc.RpcError as error:
        raise BenchmarkError(f"The collection broke off: {error}") from error
    if count != wanted + _EXTRA[generation]:
        raise BenchmarkError(f"{count} messages came, and {wanted + _EXTRA[generation]} were wanted.")
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
MEMORY = Benchmark(
    name="collector-memory",
    what=f"the most memory of a process that collects {_LARGE:,} resources",
    against=f"a process that collects {_SMALL:,}",
    unit="MB",
    ratio=Ratio.OURS_TO_THEIRS,
    run=memory,
    goal=Goal(Of.MEDIAN, 80, at_most=True),
    rounds=3,
    quick=1,
)
