"""Where everything of the sandbox lies, and the little that it remembers between two runs."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployments.sandbox import spaceone_1_12, spaceone_2
from deployments.sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deployments.sandbox.generation import Generation

HOME_VARIABLE = "PLUGINCTL_SANDBOX_HOME"
GENERATIONS = {each.name: each for each in (spaceone_2.GENERATION, spaceone_1_12.GENERATION)}


def default_home() -> Path:
    """The sandboxes' folder: PLUGINCTL_SANDBOX_HOME, else `.sandbox` in the checkout."""
    if configured := os.environ.get(HOME_VARIABLE):
        return Path(configured).expanduser().resolve()
    return source_root() / ".sandbox"


def source_root() -> Path:
    """The folder that holds the `deployments` package: what PYTHONPATH needs to import it."""
    return Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Layout:
    """The paths of one generation's sandbox, e.g. `.sandbox/2.x`."""

    root: Path

    @classmethod
    def of(cls, home: Path, generation: str) -> Layout:
        """The layout below the sandboxes' folder.

        Raises:
            SandboxError: no such generation.
        """
        if generation not in GENERATIONS:
            raise SandboxError(
                f"There is no sandbox of generation {generation!r}.", f"Known: {', '.join(GENERATIONS)}."
            )
        return cls(home.resolve() / generation)

    @property
    def generation(self) -> Generation:
        """What runs here."""
        return GENERATIONS[self.root.name]

    @property
    def engine(self) -> Layout:
        """Where the Docker engine is remembered: the sandboxes of a folder share it."""
        return Layout(self.root.with_name("engine"))

    @property
    def identifier(self) -> str:
        """Eight characters that no other sandbox folder on this machine has."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:8]

    @property
    def venv(self) -> Path:
        """The services' own Python environment."""
        return self.root / "venv"

    @property
    def python(self) -> Path:
        """The services' interpreter."""
        return self.venv / "bin" / "python"

    @property
    def data(self) -> Path:
        """What outlives `down`: databases, images, passwords."""
        return self.root / "data"

    @property
    def logs(self) -> Path:
        """One log a part."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """What is running now: one record a part."""
        return self.root / "run"

    @property
    def conf(self) -> Path:
        """The parts' configuration files, written at every start."""
        return self.root / "conf"

    @property
    def lock(self) -> Path:
        """Held while a command changes this sandbox. Outside the folder, because `--purge` removes that."""
        return self.root.with_name(f".{self.root.name}.lock")

    @property
    def environment(self) -> Path:
        """What the environment of this generation (`deployments/environments/sandbox.yaml`) extends."""
        return self.root / "environment.yaml"

    @property
    def spacectl_home(self) -> Path:
        """With HOME set to this folder, spacectl uses the sandbox."""
        return self.root / "home"

    def spacectl(self, name: str) -> Path:
        """Spacectl's own file of one environment (`sandbox` or `sandbox-workspace`)."""
        return self.spacectl_home / ".spaceone" / "environments" / f"{name}.yml"

    def log(self, part: str) -> Path:
        """The log of one part."""
        return self.logs / f"{part}.log"

    def make(self) -> None:
        """Create the folders; only the owner may look inside, for there are passwords."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)
        for folder in (self.data, self.logs, self.run, self.conf):
            folder.mkdir(exist_ok=True)


class State:
    """A small JSON document that is kept between runs: ports, bootstrap, what was started. Mode 0600.

    Read once, written at every change and in one piece, so that an interrupted run leaves the old or the new
    one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._values: dict[str, Any] = {}
        if path.exists():
            try:
                self._values = dict(json.loads(path.read_text()))
            except ValueError as error:
                raise SandboxError(
                    f"The sandbox's state file cannot be read: {path} ({error}).",
                    "Remove the sandbox with `pluginctl sandbox down --purge` and start it again.",
                ) from error

    def get(self, key: str) -> dict[str, Any]:
        """The section called `key`, as a copy; empty when it was never written."""
        return dict(self._values.get(key, {}))

    def put(self, key: str, section: Mapping[str, Any]) -> None:
        """Replace a section and save the document."""
        with self._lock:
            self._values[key] = dict(section)
            write_private(self.path, json.dumps(self._values, indent=2))

    @contextmanager
    def changing(self, key: str) -> Iterator[dict[str, Any]]:
        """A section to change in place; saved when the block ends. Meanwhile no other thread writes."""
        with self._lock:
            section = self.get(key)
            yield section
            if section != self._values.get(key):
                self.put(key, section)


def write_private(path: Path, text: str) -> None:
    """Write a file in one piece, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)
