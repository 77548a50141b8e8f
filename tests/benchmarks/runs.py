"""Flow runs through workers: ours against flows that do nothing, which cost what Prefect costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from prefect.client.schemas.actions import WorkPoolUpdate

from tests.benchmarks.harness import Benchmark, BenchmarkError, Goal, Of, Ratio, Rounds, Samples, Side
from tests.benchmarks.places import CHECKOUT, SANDBOX_HOME
from tests.benchmarks.platform import running_sandbox
from tests.benchmarks.pluginctl import VARIABLE, pluginctl
from tests.many_plugins import write_project
from tests.prefect_servers import POOL, Prefect, await_runs, postgresql, start, start_dry_runs

RUNS = 40
PLUGINS = [f"glacier{number:02}" for number in range(30)]
ENVIRONMENTS = ["staging", "production"]
AT_ONCE = 2
"""Runs of each worker."""
_EMPTY = "from prefect import flow\n\n\n@flow\ndef empty():\n    pass\n"


def queued_dry_runs(rounds: Rounds) -> Samples:
    """Seconds until the last of 40 queued runs has ended, on two workers with two runs each."""
    with ExitStack() as stack:
        stack.enter_context(running_sandbox(rounds.progress))
        prefect, folder = stack.enter_context(_prefect()), stack.enter_context(TemporaryDirectory())
        project = write_project(Path(folder), CHECKOUT, PLUGINS, ENVIRONMENTS)
        with rounds.progress.step("deploying 30 plugins"):
            prefect.pluginctl(project, "deploy")
        _deploy_empty(prefect, project)
        for name in ("one", "two"):
            stack.enter_context(prefect.worker(name, AT_ONCE))
        await_runs(prefect, start_dry_runs(prefect, PLUGINS[:1], ENVIRONMENTS[0]), 1)

        def ours() -> list[UUID]:
            return start_dry_runs(prefect, islice(cycle(PLUGINS), RUNS), ENVIRONMENTS[0])

        def theirs() -> list[UUID]:
            return [start(prefect, "empty/empty") for _ in range(RUNS)]

        return rounds.alternate(
            _seconds(prefect, ours, "Planned"), _seconds(prefect, theirs, "Completed"), warm_up=False
        )


def noop_release(rounds: Rounds) -> Samples:
    """Seconds of a release with nothing to do, from its creation by a person to its end, on one worker."""
    with running_sandbox(rounds.progress), _prefect() as prefect, TemporaryDirectory() as folder:
        pluginctl("release", "sandbox")
        prefect.pluginctl(CHECKOUT, "deploy")
        _pause_schedules(prefect)
        _deploy_empty(prefect, Path(folder))
        with prefect.worker("one", 1):
            return rounds.alternate(
                _seconds(
                    prefect, lambda: [start(prefect, "release/portfolio", environment="sandbox")], "Unchanged"
                ),
                _seconds(prefect, lambda: [start(prefect, "empty/empty")], "Completed"),
            )


@contextmanager
def _prefect() -> Iterator[Prefect]:
    with (
        TemporaryDirectory() as folder,
        postgresql() as database,
        Prefect(Path(folder), database, {VARIABLE: str(SANDBOX_HOME)}) as prefect,
    ):
        yield prefect


def _deploy_empty(prefect: Prefect, folder: Path) -> None:
    (folder / "empty.py").write_text(_EMPTY)
    prefect.client.create_deployment(
        prefect.client.create_flow_from_name("empty"),
        "empty",
        entrypoint="empty.py:empty",
        work_pool_name=POOL,
        pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(folder)}}],
    )


def _pause_schedules(prefect: Prefect) -> None:
    for deployment in prefect.client.read_deployments():
        for schedule in deployment.schedules:
            prefect.client.update_deployment_schedule(deployment.id, schedule.id, active=False)


def _seconds(prefect: Prefect, queue: Callable[[], list[UUID]], ending: str) -> Side:
    """Measures from the moment at which workers may take the queued runs to the end of the last one."""

    def measure() -> float:
        prefect.client.update_work_pool(POOL, WorkPoolUpdate(is_paused=True))
        runs = queue()
        prefect.client.update_work_pool(POOL, WorkPoolUpdate(is_paused=False))
        began = prefect.client.read_work_pool(POOL).updated
        ended = await_runs(prefect, runs, len(runs))
        if others := [run.state for run in ended if run.state is None or run.state.name != ending]:
            raise BenchmarkError(f"Runs ended otherwise than {ending}: {others[0]}")
        last = max(run.end_time for run in ended if run.end_time)
        if began is None:
            raise BenchmarkError("The server does not say when the work pool was resumed.")
        return (last - began).total_seconds()

    return measure


QUEUED_DRY_RUNS = Benchmark(
    name="dry-runs-queued-vs-empty-flows",
    what=f"{RUNS} dry runs of 30 plugins, queued at once, through two workers",
    against=f"{RUNS} flows that do nothing, through the same workers",
    unit="s",
    ratio=Ratio.OURS_TO_THEIRS,
    run=queued_dry_runs,
    goal=Goal(Of.RATIO, 1.3, at_most=True),
    rounds=3,
    quick=1,
)
NOOP_THROUGH_WORKER = Benchmark(
    name="noop-release-through-worker-vs-empty-flow",
    what="a release with nothing to do, through a worker",
    against="a flow that does nothing, through the same worker",
    unit="s",
    ratio=Ratio.OURS_TO_THEIRS,
    run=noop_release,
    goal=Goal(Of.RATIO, 1.6, at_most=True),
    rounds=5,
    quick=2,
)
