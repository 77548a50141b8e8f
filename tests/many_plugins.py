"""A project with many small plugins, as a team has them, with all that `pluginctl deploy` reads."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from flows.steps.places import ENVIRONMENTS, PROJECT
from tests.prefect_servers import WITHIN

_PLUGIN = Path(__file__).parent / "plugins" / "slow"
_KIND = "glacier"  # in every name of that plugin


def write_project(folder: Path, checkout: Path, names: list[str], environments: list[str]) -> Path:
    """Writes a project whose environments are all the sandbox.

    Args:
        folder: Where.
        checkout: Whose flows are run.
        names: The plugins'.
        environments: Names; each plugin is in all of them, collected once a year in the last one.

    Returns:
        The folder.
    """
    # A project of somebody else may have a folder of that name. The deployments run the installed pipeline.
    (folder / "flows").mkdir()
    (folder / "flows/__init__.py").write_text('raise ImportError("the flows of the project")\n')
    base = yaml.safe_load((checkout / ENVIRONMENTS / "sandbox.yaml").read_text())
    for name in environments:
        _write(folder / ENVIRONMENTS / f"{name}.yaml", base)
    write_automations(folder, checkout)
    places: dict[str, Any] = dict.fromkeys(environments)
    places[environments[-1]] = {"schedule": {"cron": "0 0 1 1 *"}}
    for name in names:
        source = f"plugins/{name}"
        _copy(folder / source, name)
        _write(
            folder / PROJECT / f"plugins/{name}.yaml",
            {"source": source, "manifest": f"{source}/manifest", "environments": places},
        )
    return folder


def write_automations(folder: Path, checkout: Path) -> None:
    """Writes the automations of the checkout into a project; they give a run up as soon as a test can.

    Those that send messages are left out.
    """
    for path in (checkout / PROJECT / "automations").iterdir():
        automation = yaml.safe_load(path.read_text())
        if any("notification" in action for action in automation["actions"]):
            continue
        if "within" in automation["trigger"]:
            automation["trigger"]["within"] = WITHIN
        _write(folder / PROJECT / "automations" / path.name, automation)


def _copy(folder: Path, name: str) -> None:
    shutil.copytree(_PLUGIN, folder, ignore=shutil.ignore_patterns("__pycache__"))
    manifest = folder / "manifest" / f"{_KIND}.yaml"
    text = manifest.read_text()
    manifest.write_text(text.replace(_KIND, name).replace(_KIND.capitalize(), name.capitalize()))


def _write(path: Path, fields: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(fields, sort_keys=False))
