"""The walkthrough's commands, against one release with the same effect."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from flows.manifest import load_environment
from flows.spaceone import SpaceoneError, read_spacectl
from sandbox.lifecycle import Summary
from tests.benchmarks.domain import Domain, Holdings, new_domain
from tests.benchmarks.harness import Benchmark, BenchmarkError, Goal, Of, Ratio, Rounds, Samples, Side
from tests.benchmarks.places import CHECKOUT
from tests.benchmarks.platform import running_sandbox
from tests.benchmarks.pluginctl import pluginctl
from tests.benchmarks.services import programs
from tests.benchmarks.spacectl import Spacectl

_GENERATION = "1.12"
_MANIFEST = CHECKOUT / "tests" / "fixtures" / "walkthrough"
_TOKEN = "PLUGINCTL_BENCHMARK_TOKEN"
#: By kind, how many the walkthrough's own listings show before and after.
_LISTED: Mapping[str, tuple[int, int]] = {
    "repository": (1, 2),
    "schema": (0, 1),
    "provider": (3, 4),
    "plugin": (24, 25),
}
_LOCAL = re.compile(r"^\s*(repo-\w+) .*\| local ", re.MULTILINE)

Run = Callable[..., str]
"""Runs spacectl with some words; gives what it prints."""


def walkthrough(rounds: Rounds) -> Samples:
    """Seconds of one `pluginctl release sandbox-1.12 --publish-only` and of the walkthrough's 17 commands.

    Both begin in a domain of their own, register all four from the same files, and must leave the same. The image is in
    the registry before: neither builds or pushes.
    """
    spacectl = programs(_GENERATION, rounds.progress) / "spacectl"
    with running_sandbox(rounds.progress, _GENERATION) as summary, TemporaryDirectory() as folder:
        try:
            sides = _Sides.of(summary, Path(folder), spacectl)
            with rounds.progress.step("pushing the image"), new_domain(sides.endpoints) as domain:
                sides.release(domain)
                effect = domain.holdings()
            return rounds.alternate(sides.from_new(sides.publish, effect), sides.from_new(sides.type, effect))
        except SpaceoneError as error:
            raise BenchmarkError(str(error)) from error


@dataclass(frozen=True)
class _Sides:
    """Both sides, on one sandbox.

    Attributes:
        summary: Of the sandbox.
        environment: Its environment, with the token of whichever domain is measured in.
        endpoints: Its services.
        registry_type: What it calls its registry; the walkthrough's is Docker Hub.
        spacectl: The program.
    """

    summary: Summary
    environment: Path
    endpoints: Mapping[str, str]
    registry_type: str
    spacectl: Path

    @classmethod
    def of(cls, summary: Summary, folder: Path, spacectl: Path) -> _Sides:
        path = folder / f"{summary.name}.yaml"
        content = yaml.safe_dump({"extends": str(summary.environment), "token_variable": _TOKEN})
        path.write_text(content, encoding="utf-8")
        settings = load_environment(str(path), folder).settings
        endpoints = read_spacectl(summary.spacectl_environment).endpoints
        return cls(summary, path, endpoints, settings.registry.type or "DOCKER_HUB", spacectl)

    def release(self, domain: Domain) -> dict[str, Any]:
        """A release up to the registered plugin; its report."""
        command = ("release", self.environment, "--publish-only", "--manifest", _MANIFEST)
        return pluginctl(*command, **{_TOKEN: domain.token})

    def publish(self, domain: Domain) -> float:
        """Our side."""
        started = time.perf_counter()
        report = self.release(domain)
        seconds = time.perf_counter() - started
        if report["built"]:
            raise BenchmarkError("The release built an image, which was in the registry before.")
        return seconds

    def type(self, domain: Domain) -> float:
        """The other side."""
        with TemporaryDirectory() as home:
            spacectl = Spacectl.new(self.spacectl, Path(home), domain.token)

            def run(*words: str) -> str:
                return spacectl.run(domain.token, *words, folder=_MANIFEST)

            started = time.perf_counter()
            type_all(run, self.endpoints, self.registry_type)
            return time.perf_counter() - started

    def from_new(self, side: Callable[[Domain], float], effect: Holdings) -> Side:
        """A side in a new domain each time, whose own time does not count; it must leave `effect`."""

        def measured() -> float:
            with new_domain(self.endpoints) as domain:
                before = domain.holdings()
                seconds = side(domain)
                check(before, domain.holdings(), effect)
            return seconds

        return measured


def type_all(run: Run, endpoints: Mapping[str, str], registry_type: str) -> None:
    """Types the walkthrough's 17 commands, in its order.

    Args:
        run: Runs each.
        endpoints: In place of the walkthrough's forwarded ports.
        registry_type: In place of its Docker Hub.
    """
    for service in ("identity", "inventory", "repository"):
        run("config", "endpoint", "add", service, endpoints[service])
    run("api-resources")
    run("list", "repository.Repository")
    run("exec", "register", "repository.Repository", "-f", "register_repository.yaml")
    repository = _local_repository(run("list", "repository.Repository"))
    run("list", "repository.Schema", "-p", "repository_id=repo-managed", "--minimal")
    run("list", "repository.Schema", "-p", f"repository_id={repository}")
    run("exec", "create", "repository.Schema", "-f", "create_schema.yaml")
    run("list", "identity.Provider", "--minimal")
    run("exec", "create", "identity.Provider", "-f", "create_provider.yaml")
    run("list", "identity.Provider", "--minimal")
    run("list", "inventory.Collector")
    run("list", "repository.Plugin", "--minimal")
    register = ("exec", "register", "repository.Plugin", "-f", "register_plugin.yaml")
    run(*register, "-p", f"registry_type={registry_type}")
    run("list", "repository.Plugin", "--minimal")


def _local_repository(table: str) -> str:
    """The id that somebody reads off the table; it is another one each time."""
    found = _LOCAL.search(table)
    if found is None:
        raise BenchmarkError(f"spacectl lists no local repository:\n{table}")
    return found[1]


def check(before: Holdings, after: Holdings, effect: Holdings) -> None:
    """Whether a side did all of the walkthrough, and just that.

    Raises:
        BenchmarkError: it did not; names the kind.
    """
    for kind, wanted in _LISTED.items():
        listed = (len(before[kind]), len(after[kind]))
        if listed != wanted:
            raise BenchmarkError(
                f"There were {listed[0]} and are {listed[1]} of the kind {kind}; the walkthrough has "
                f"{wanted[0]} and {wanted[1]}."
            )
        if after[kind] != effect[kind]:
            raise BenchmarkError(f"The two sides leave different records of the kind {kind}.")


WALKTHROUGH = Benchmark(
    name="walkthrough-vs-spacectl",
    what="one release up to the registered plugin: process start, all checks, four resources registered",
    against="the walkthrough's 17 commands with spacectl 1.12.2, one process each",
    unit="s",
    ratio=Ratio.THEIRS_TO_OURS,
    run=walkthrough,
    goal=Goal(Of.RATIO, 10),
    rounds=5,
    quick=2,
)
