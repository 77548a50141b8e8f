"""A project with two plugins, as a team would have."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml


class Project:
    """A copy of the samples' layout.

    Attributes:
        folder: Where it is.
    """

    def __init__(self, folder: Path, checkout: Path) -> None:
        self.folder = folder
        shutil.copytree(checkout / "deployments/portfolio", folder / "deployments/portfolio")
        (folder / "plugin").mkdir()
        for name in ("staging", "production"):
            self.write(f"environments/{name}", {"spacectl": name})
        self.write(
            "plugins/coins",
            {
                "source": "plugin",
                "manifest": "deployments/portfolio",
                "environments": {
                    "staging": None,
                    "production": {"schedule": {"cron": "5 * * * *", "timezone": "Europe/Berlin"}},
                },
            },
        )

    def write(self, name: str, fields: object) -> None:
        """Writes deployments/NAME.yaml."""
        path = self.folder / "deployments" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(fields, sort_keys=False))


@pytest.fixture
def project(tmp_path, checkout) -> Project:
    return Project(tmp_path, checkout)
