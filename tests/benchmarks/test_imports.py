"""The imports that are measured are those of a dry run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.benchmarks import imports
from tests.benchmarks.harness import BenchmarkError
from tests.benchmarks.places import CHECKOUT

LOADED = (
    "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]; print(*sys.modules)"
)


def packages(modules):
    """Other people's packages of which something is among these modules, and ours as they are."""
    found = set()
    for name in modules:
        package = name.partition(".")[0]
        if package not in sys.stdlib_module_names and not package.startswith("_"):
            found.add(name if (CHECKOUT / package).is_dir() else package)
    return found


def test_the_earlier_list_is_of_packages_that_are_here():
    earlier = imports.earlier()
    assert len(earlier) == len(set(earlier)) > 300
    assert {"docker", "grpc", "psutil", "pydantic", "requests", "rich", "typer", "yaml"} <= packages(earlier)
    assert imports.cpu(earlier, strict=False) > 0


def test_a_module_that_is_gone_is_no_measurement():
    with pytest.raises(BenchmarkError, match="nowhere"):
        imports.cpu(("json", "nowhere.to.be.found"), strict=False)
    with pytest.raises(BenchmarkError, match="gone"):
        imports.cpu(("json", "json.gone"))
    assert imports.cpu(("json", "json.gone"), strict=False) >= 0


@pytest.mark.e2e
def test_a_dry_run_imports_no_more_than_is_measured(sandbox, sandbox_home):
    done = subprocess.run(
        [sys.executable, "-m", "pluginctl", "release", "sandbox", "--dry-run", "--output", "json"],
        cwd=CHECKOUT,
        env={**os.environ, "PLUGINCTL_SANDBOX_HOME": str(sandbox_home), "PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["actions"]
    imported = re.findall(r"^import time:[\d |]+\|\s+(\S+)$", done.stderr, re.MULTILINE)
    assert "json" in imported
    measured = subprocess.run(
        [sys.executable, "-c", LOADED, *imports.DRY_RUN],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    # Imports that were tried in vain are in the list, too.
    there = {name for name in packages(imported) if find_spec(name.partition(".")[0])}
    assert there <= packages(measured.stdout.split())
