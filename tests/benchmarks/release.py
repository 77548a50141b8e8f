"""A release with nothing to do, against its questions asked with spacectl."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from rich.console import Console

from flows.collection import Job
from flows.manifest import load_environment
from flows.spaceone import Client
from flows.steps.places import ENVIRONMENTS, MANIFEST, SOURCE
from flows.steps.release import ReleaseRequest, release
from pluginctl.runner import TerminalRunner
from sandbox.lifecycle import GENERATION
from tests.benchmarks.harness import Benchmark, BenchmarkError, Goal, Of, Ratio, Rounds, Samples
from tests.benchmarks.places import CHECKOUT, SANDBOX_HOME
from tests.benchmarks.platform import running_sandbox
from tests.benchmarks.pluginctl import VARIABLE, pluginctl
from tests.benchmarks.services import programs
from tests.benchmarks.spacectl import Question, Spacectl

_COLLECT = "inventory.Collector.collect"
_JOB = "inventory.Job.get"
_COMMAND = ("release", "sandbox")


def noop_release(rounds: Rounds) -> Samples:
    """Seconds of a whole `pluginctl release sandbox` and of the same questions through spacectl.

    Both sides start cold processes, ask every service the same, collect, and wait for the job's end. The release looks
    at the image in the registry besides, which spacectl cannot.
    """
    program = programs(GENERATION, rounds.progress) / "spacectl"
    with running_sandbox(rounds.progress) as summary, TemporaryDirectory() as folder:
        pluginctl(*_COMMAND)  # Whatever there is to do is done now.
        asked = questions()
        spacectl = Spacectl.of(program, summary, Path(folder))

        def ours() -> float:
            started = time.perf_counter()
            report = pluginctl(*_COMMAND)
            seconds = time.perf_counter() - started
            if written := [action for action in report["actions"] if action["action"] != "keep"]:
                raise BenchmarkError(f"The release had something to do: {written}")
            return seconds

        def theirs() -> float:
            started = time.perf_counter()
            ask_all(spacectl, asked)
            return time.perf_counter() - started

        return rounds.alternate(ours, theirs)


def questions() -> list[Question]:
    """Every call of a release with nothing to do, each one once, in its order.

    They are taken down while a release runs, so that they cannot grow apart from it.
    """
    asked: list[Question] = []
    with _noted(asked), patch.dict(os.environ, {VARIABLE: str(SANDBOX_HOME)}):
        environment = load_environment("sandbox", CHECKOUT / ENVIRONMENTS)
        request = ReleaseRequest(environment, CHECKOUT / SOURCE, CHECKOUT / MANIFEST)
        report = release(request, TerminalRunner(Console(file=StringIO())))
    if not report.success:
        raise BenchmarkError(
            "The release with nothing to do failed: look at it with `pluginctl release sandbox`."
        )
    once: dict[str, Question] = {}
    for question in asked:
        # Of the questions after the job the last one counts, which says that it has ended.
        once[json.dumps([question.method, question.params], sort_keys=True)] = question
    return list(once.values())


@contextmanager
def _noted(asked: list[Question]) -> Iterator[None]:
    call = Client.call

    def noting(
        self: Client, method: str, params: Mapping[str, Any] | None = None, timeout: float | None = None
    ) -> dict[str, Any]:
        answer = call(self, method, params, timeout)
        asked.append(Question(method, params or {}, self._token or "", answer))
        return answer

    with patch.object(Client, "call", noting):
        yield


def ask_all(spacectl: Spacectl, asked: list[Question]) -> None:
    """Asks the same of the same services, with the id of the job that this collection starts.

    Raises:
        BenchmarkError: spacectl was answered something else.
    """
    job_before, job_now = "", ""
    for question in asked:
        params = {
            key: job_now if job_before and value == job_before else value
            for key, value in question.params.items()
        }
        now = Question(question.method, params, question.token, question.answer)
        answer = spacectl.ask(now)
        if question.method == _COLLECT:
            job_before, job_now = str(question.answer["job_id"]), str(answer["job_id"])
        while question.method == _JOB and Job.from_record(answer).running:
            answer = spacectl.ask(now)
        if answer.keys() != question.answer.keys() and question.method not in {_COLLECT, _JOB}:
            raise BenchmarkError(
                f"spacectl was answered otherwise at {question.method} {params}: {sorted(answer)} instead of "
                f"{sorted(question.answer)}."
            )


NOOP_RELEASE = Benchmark(
    name="noop-release-vs-spacectl",
    what="a release with nothing to do: process start, all checks, a collection",
    against="spacectl 2.0.10, one process a question",
    unit="s",
    ratio=Ratio.THEIRS_TO_OURS,
    run=noop_release,
    goal=Goal(Of.RATIO, 12),
    rounds=5,
    quick=2,
)
