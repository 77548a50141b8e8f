"""Credential helpers: the programs that `docker login` stores logins with, as Docker's configuration names them.

https://docs.docker.com/reference/cli/docker/login/#credential-helpers. `credHelpers` names one for a registry,
`credsStore` one for all others. Docker's command line goes on without a login if a helper cannot be run: it ignores the
error for a push and a pull, and warns in a build. Docker's Python SDK fails, in a build for every helper that the file
names.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.files import MIB, read_named
from flows.images.reference import DOCKER_HUB
from flows.text import printable

_STORED = ("$DOCKER_CONFIG/config.json", "~/.docker/config.json", "~/.dockercfg")
_HUB_KEY = "https://index.docker.io/v1/"
"""How Docker Hub is named in Docker's configuration."""


@dataclass(frozen=True, slots=True)
class Helper:
    """A credential helper that is named and not installed.

    Attributes:
        file: Docker's configuration.
        entry: What names it there, such as `credsStore`.
        program: Its name, such as `docker-credential-desktop`.
        registry: What it is named for.
    """

    file: str
    entry: str
    program: str
    registry: str

    @property
    def problem(self) -> str:
        """What is wrong, as a clause."""
        named = f"{self.file} names {self.program} in {self.entry} for {self.registry}"
        return f"{named}, and no such program is installed"

    @property
    def advice(self) -> str:
        """What to do."""
        return (
            f"Install {self.program}, or remove {self.entry} from {self.file} and `docker login {self.registry}`, or "
            "give the environment's registry a user and a password (username_variable, password_variable)"
        )


def config_file() -> str | None:
    """The file in which Docker stores logins; None if there is none."""
    paths = (os.path.expanduser(os.path.expandvars(path)) for path in _STORED)  # noqa: PTH111 - never raises
    return next(filter(os.path.exists, paths), None)


def missing_helper(address: str | None) -> Helper | None:
    """The helper that Docker's configuration names for a registry (None: Docker Hub), if it is not installed."""
    file = config_file()
    if file is None:
        return None
    config = _read(file)
    key = address or _HUB_KEY
    helpers, store = config.get("credHelpers"), config.get("credsStore")
    own = helpers.get(key) if isinstance(helpers, Mapping) else None
    for name, entry in ((own, f"credHelpers[{json.dumps(key)}]"), (store, "credsStore")):
        if isinstance(name, str) and name:
            program = f"docker-credential-{name}"
            if shutil.which(program):
                return None
            return Helper(file, entry, printable(program), address or DOCKER_HUB)
    return None


def _read(file: str) -> Mapping[str, Any]:
    try:
        config = json.loads(read_named(Path(file), MIB))
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}
