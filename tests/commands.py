"""`pluginctl` many times: each run in a process of its own, which needs not import everything again."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

_PRELOADED = [
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cyclonedx.output.json",
    "docker",
    "flows.images.attestation.bill",
    "flows.images.engine",
    "flows.images.engine.trial",
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
    """Runs `pluginctl` in one folder.

    Args:
        folder: Where it runs.
        variables: The environment of each run; None for this process's own at that time.
    """

    def __init__(self, folder: Path, variables: Mapping[str, str] | None = None) -> None:
        self._folder, self._variables = folder, variables
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_PRELOADED)

    def __call__(
        self, *words: str | Path, timeout: float = 1200, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """The exit code, and what was printed on standard output and standard error."""
        given = {**(os.environ if self._variables is None else self._variables), **variables}
        arguments = tuple(map(str, words))
        with tempfile.TemporaryDirectory() as folder:
            printed = Path(folder, "output"), Path(folder, "errors")
            process = self._context.Process(target=_run, args=(arguments, given, self._folder, *printed))
            process.start()
            try:
                process.join(timeout)
            finally:
                if process.exitcode is None:
                    process.kill()
                    process.join()
            output, errors = (each.read_text() if each.exists() else "" for each in printed)
        assert process.exitcode is not None
        assert process.exitcode >= 0, f"it did not end in {timeout} s, or was killed: {output}{errors}"
        return subprocess.CompletedProcess(arguments, process.exitcode, output, errors)


def _run(words: tuple[str, ...], variables: dict[str, str], folder: Path, output: Path, errors: Path) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    for number, path in ((1, output), (2, errors)):
        with path.open("w") as file:
            os.dup2(file.fileno(), number)
    sys.argv = ["pluginctl", *words]
    from pluginctl.app import main

    main()
