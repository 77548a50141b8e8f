"""spacectl 2.0.10, unmodified: one process a question, as one asks by hand.

It runs in the sandbox's environment of the services, which is the fastest of those in which it answers all that a
release asks. What pip resolves for it by itself was tried, too: with spaceone-core 1.9.7 and protobuf 7 it starts
faster and cannot send a filter; with spaceone-core 2.0.144 and protobuf 3.20 a question took 1.5 s instead of 1.3 s.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from deployments.sandbox.sandbox import Summary
from flows.spaceone import read_spacectl
from tests.benchmarks.harness import BenchmarkError

_TIMEOUT = 120


@dataclass(frozen=True)
class Question:
    """A call: what a release asks of a service, or what one types.

    Attributes:
        method: `service.Resource.verb`.
        params: The request.
        token: Who asks.
        answer: What the release was answered.
    """

    method: str
    params: Mapping[str, Any]
    token: str
    answer: Mapping[str, Any]


class Spacectl:
    """spacectl with an environment for each token.

    Args:
        program: The script.
        homes: By token the folder that is spacectl's home.
    """

    def __init__(self, program: Path, homes: Mapping[str, Path]) -> None:
        self._program = program
        self._homes = dict(homes)

    @classmethod
    def of(cls, summary: Summary, folder: Path) -> Self:
        """With the sandbox's own two environments, each one chosen in a home of its own below `folder`.

        So nobody has to switch between two questions, which would be one more process.
        """
        homes = {}
        for file in summary.spacectl_environment.parent.glob("*.yml"):
            home = folder / file.stem
            configuration = home / ".spaceone"
            shutil.copytree(file.parent, configuration / "environments")
            (configuration / "environment.yml").write_text(f"environment: {file.stem}\n", encoding="utf-8")
            if token := read_spacectl(file).token:
                homes[token] = home
        return cls(summary.environment.with_name("venv") / "bin" / "spacectl", homes)

    def ask(self, question: Question) -> dict[str, Any]:
        """Asks in a process of its own.

        Raises:
            BenchmarkError: it gave no answer; spacectl's exit code never tells, its words do.
        """
        service, resource, verb = question.method.split(".")
        parameters = ["-j", json.dumps(question.params)] if question.params else []
        done = subprocess.run(
            [self._program, "exec", verb, f"{service}.{resource}", *parameters, "-o", "json"],
            env={**os.environ, "HOME": str(self._homes[question.token])},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
        if done.returncode == 0 and not done.stdout.strip():
            return {}  # so it shows an empty answer
        try:
            return dict(json.loads(done.stdout))
        except ValueError:
            said = (done.stdout.strip() or done.stderr.strip())[-500:]
            raise BenchmarkError(f"spacectl does not answer {question.method}: {said}") from None
