"""spacectl, unmodified: one process a command, as one types it.

It runs in an environment with the packages of the sandbox's services: 2.0.10 with those of 2.x, 1.12.2 with those of
1.12. For 2.x this is the fastest of those in which it answers all that a release asks. What pip resolves for it by
itself was tried, too: with spaceone-core 1.9.7 and protobuf 7 it starts faster and cannot send a filter; with
spaceone-core 2.0.144 and protobuf 3.20 a question took 1.5 s instead of 1.3 s.
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

import yaml

from flows.spaceone import read_spacectl
from sandbox.lifecycle import Summary
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
    def of(cls, program: Path, summary: Summary, folder: Path) -> Self:
        """With the sandbox's own environments, each one chosen in a home of its own below `folder`.

        So nobody has to switch between two questions, which would be one more process.
        """
        homes = {}
        for file in summary.spacectl_environment.parent.glob("*.yml"):
            home = folder / file.stem
            configuration = home / ".spaceone"
            shutil.copytree(file.parent, configuration / "environments")
            _choose(configuration, file.stem)
            if token := read_spacectl(file).token:
                homes[token] = home
        return cls(program, homes)

    @classmethod
    def new(cls, program: Path, home: Path, token: str) -> Self:
        """With a token and no endpoints yet, as somebody has it who begins with the walkthrough."""
        configuration = home / ".spaceone"
        environments = configuration / "environments"
        environments.mkdir(parents=True)
        (environments / "local.yml").write_text(yaml.safe_dump({"api_key": token}), encoding="utf-8")
        _choose(configuration, "local")
        return cls(program, {token: home})

    def run(self, token: str, *arguments: str, folder: Path | None = None) -> str:
        """Runs a command in a process of its own.

        Args:
            token: Who asks.
            arguments: As one types them.
            folder: Where they are typed.

        Returns:
            What it prints.

        Raises:
            BenchmarkError: it failed; its exit code rarely tells, its words do.
        """
        done = subprocess.run(
            [self._program, *arguments],
            cwd=folder,
            env={**os.environ, "HOME": str(self._homes[token])},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
        if done.returncode or done.stdout.startswith("ERROR:"):
            said = (done.stdout.strip() or done.stderr.strip())[-500:]
            raise BenchmarkError(f"spacectl {' '.join(arguments)} failed: {said}")
        return done.stdout

    def ask(self, question: Question) -> dict[str, Any]:
        """Asks in a process of its own.

        Raises:
            BenchmarkError: it gave no answer.
        """
        service, resource, verb = question.method.split(".")
        parameters = ["-j", json.dumps(question.params)] if question.params else []
        said = self.run(question.token, "exec", verb, f"{service}.{resource}", *parameters, "-o", "json")
        if not said.strip():
            return {}  # so it shows an empty answer
        try:
            return dict(json.loads(said))
        except ValueError:
            raise BenchmarkError(f"spacectl does not answer {question.method}: {said[-500:]}") from None


def _choose(configuration: Path, environment: str) -> None:
    (configuration / "environment.yml").write_text(f"environment: {environment}\n", encoding="utf-8")
