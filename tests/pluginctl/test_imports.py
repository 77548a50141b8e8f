"""What a command imports before it does anything: its start is as long as that takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]

LARGE = {"docker", "requests", "urllib3", "prefect", "httpx", "psutil", "tenacity"}
LOADED = """
import importlib, sys
for name in ("pluginctl.app", sys.argv[1]):
    importlib.import_module(name)
print(*sys.modules)
"""


def loaded(module):
    done = subprocess.run(
        [sys.executable, "-c", LOADED, module], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "command",
    ["release", "plan", "recollect", "rollback", "history", "drift", "verify", "show", "api_resources"],
)
def test_a_command_for_the_platform_needs_no_large_package_and_of_the_sandbox_its_home_alone(command):
    modules = loaded(f"pluginctl.commands.{command}")
    assert not LARGE & modules
    assert {name for name in modules if name.startswith("sandbox")} <= {
        "sandbox",
        "sandbox.errors",
        "sandbox.machine",
        "sandbox.machine.layout",
    }


def test_a_dry_run_needs_nothing_of_the_later_steps():
    modules = loaded("pluginctl.commands.release")
    assert (
        not {"flows.collection", "flows.preview", "flows.images.engine", "flows.steps.collection"} & modules
    )
    assert {"flows.steps.release", "flows.images.registry", "flows.images.source"} <= modules
