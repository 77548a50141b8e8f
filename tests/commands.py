"""`pluginctl` many times: each run in a process of its own, which needs not import everything again."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

_PRELOADED = [
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cyclonedx.output.json",
    "docker",
    "flows.images.attestation.bill",
    "flows.images.engine",
    "flows.images.registry",
    "flows.images.source",
    "flows.steps.release",
    "flows.steps.verification",
    "pluginctl.commands.recollect",
    "pluginctl.commands.release",
    "pluginctl.commands.show",
    "pluginctl.commands.verify",
]


class Commands:
    """Runs `pluginctl` in one folder, where it also keeps what the last run has printed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_PRELOADED)

    def __call__(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """The exit code, and everything that was printed as its output."""
        output = self._folder / "output.txt"
        process = self._context.Process(target=_run, args=(words, variables, self._folder, output))
        process.start()
        process.join(600)
        assert process.exitcode is not None, "it does not end"
        return subprocess.CompletedProcess(words, process.exitcode, output.read_text(), "")


def _run(words: tuple[str, ...], variables: dict[str, str], folder: Path, output: Path) -> None:
    os.chdir(folder)
    os.environ.update(variables)
    with output.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ["pluginctl", *words]
    from pluginctl.app import main

    main()
