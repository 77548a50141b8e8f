"""The folders and files of the sandboxes."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError

HOME_VARIABLE = "PLUGINCTL_SANDBOX_HOME"


PACKAGE = Path(__file__).resolve().parents[1]
"""The folder of the package `sandbox`."""


def default_home() -> Path:
    """The sandboxes' folder: PLUGINCTL_SANDBOX_HOME, else `.sandbox` in the checkout, else in the user's data.

    Raises:
        SandboxError: there is no checkout, and the package that finds the user's data folder is not installed.
    """
    if configured := os.environ.get(HOME_VARIABLE):
        return Path(configured).expanduser().resolve()
    if root := checkout():
        return root / ".sandbox"
    return _user_data() / "sandbox"


def checkout() -> Path | None:
    """The folder of the repository if this package is imported from there; None if it was installed."""
    root = PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "deployments").is_dir() else None


def _user_data() -> Path:
    try:
        import platformdirs
    except ModuleNotFoundError:
        raise SandboxError(
            "The sandbox's packages are not installed.",
            "Install them: pip install 'spaceone-plugin-pipeline[sandbox]'",
        ) from None
    return platformdirs.user_data_path("pluginctl")


@dataclass(frozen=True)
class Layout:
    """The paths of one generation's sandbox, e.g. `.sandbox/2.x`, or of a part that the sandboxes share."""

    root: Path

    @classmethod
    def of(cls, home: Path, generation: str) -> Layout:
        """The paths of a generation's sandbox. Its folder has the name of the generation."""
        return cls(home.resolve() / generation)

    @property
    def engine(self) -> Layout:
        """The Docker engine, if it was started here. The sandboxes of a folder share it."""
        return Layout(self.root.with_name("engine"))

    @property
    def prefect(self) -> Layout:
        """Prefect's server and worker. The sandboxes of a folder share them."""
        return Layout(self.root.with_name("prefect"))

    @property
    def identifier(self) -> str:
        """Eight characters that identify this sandbox folder on this machine."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:8]

    @property
    def data(self) -> Path:
        """What `down` keeps on this machine: passwords, tokens and ports. Databases and images are in volumes."""
        return self.root / "data"

    @property
    def state(self) -> Path:
        """The file of the sandbox's `State`."""
        return self.data / "state.json"

    @property
    def exists(self) -> bool:
        """Whether the sandbox has data: it was started, and its data was not removed since."""
        return self.data.exists()

    @property
    def logs(self) -> Path:
        """The folder with the logs of the programs that are no containers."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """The folder with the records of the programs that are no containers."""
        return self.root / "run"

    @property
    def lock(self) -> Path:
        """The lock that a command holds while it changes this sandbox.

        The file is outside the sandbox's folder, because `--purge` removes the folder.
        """
        return self.root.with_name(f".{self.root.name}.lock")

    @property
    def environment(self) -> Path:
        """The file that this generation's environment (`deployments/environments/sandbox.yaml`) extends."""
        return self.root / "environment.yaml"

    @property
    def spacectl_home(self) -> Path:
        """The value of HOME with which spacectl uses the sandbox."""
        return self.root / "home"

    def spacectl(self, name: str) -> Path:
        """The file of one environment of spacectl (`sandbox` or `sandbox-workspace`)."""
        return self.spacectl_home / ".spaceone" / "environments" / f"{name}.yml"

    def log(self, part: str) -> Path:
        """The log of one program that is no container."""
        return self.logs / f"{part}.log"

    def make(self) -> None:
        """Create the folders. Only the owner may open them, because they contain passwords."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)
        for folder in (self.data, self.logs, self.run):
            folder.mkdir(exist_ok=True)
