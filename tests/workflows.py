"""Runs the commands of a workflow for GitHub Actions as shell scripts, in the order of its jobs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_SECRET = re.compile(r"\$\{\{ secrets\.([A-Z_]+) \}\}")


@dataclass(frozen=True)
class Command:
    """A step with `run`.

    Attributes:
        job, name: Where it is.
        script: What is run, as `bash -e` runs it.
        folder: Where, below the workspace.
        variables: What it sees besides, with the secrets in their places.
    """

    job: str
    name: str
    script: str
    folder: Path
    variables: Mapping[str, str]


def commands(
    workflow: Path, jobs: Iterator[str] | list[str], workspace: Path, secrets: Mapping[str, str]
) -> Iterator[Command]:
    """The steps of some jobs; each job has a workspace of its own, into which the repository is checked out.

    Args:
        workflow: The workflow's file, in its repository.
        jobs: The names of jobs.
        workspace: A folder in which the jobs' workspaces are made.
        secrets: What `${{ secrets.NAME }}` stands for; all others are empty, as in GitHub.
    """
    repository = workflow.parents[2]
    document: dict[str, Any] = yaml.safe_load(workflow.read_text())
    for job in jobs:
        top = workspace / job
        for step in document["jobs"][job]["steps"]:
            if str(step.get("uses", "")).startswith("actions/checkout@"):
                shutil.copytree(
                    repository, top / step["with"].get("path", ""), dirs_exist_ok=True, symlinks=True
                )
            elif "run" in step:
                given = {
                    name: _SECRET.sub(lambda found: secrets.get(found[1], ""), value)
                    for name, value in step.get("env", {}).items()
                }
                yield Command(job, step["name"], step["run"], top / step.get("working-directory", ""), given)
