"""The lock files: nothing runs at an installation that no file locks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox import images

ROOT = Path(__file__).parents[1]
LOCKS = sorted(
    path
    for folder in (
        "requirements",
        "sandbox/requirements",
        "sandbox/spaceone/requirements",
        "tests/plugins/bases",
    )
    for path in (ROOT / folder).glob("*.txt")
)
#: The packages without a wheel, by file. An index is asked for the build tools of no other package.
BUILT = {
    "spaceone-2.txt": {"etcd3", "scheduler-cron"},
    "spaceone-1.12.txt": {"jwcrypto", "scheduler-cron", "sentinels"},
}


def options(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line.startswith("--")]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_wheels_alone_are_installed_but_for_the_packages_that_are_named(path: Path):
    first, *rest = options(path)
    assert first == "--only-binary :all:", "first, or pip forgets the exceptions"
    named = {name for line in rest for name in line.removeprefix("--no-binary ").split(",")}
    assert named == BUILT.get(path.name, set())
    pinned = set(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==", path.read_text(), re.MULTILINE))
    assert named <= pinned


@pytest.mark.parametrize(
    "path", [*LOCKS, ROOT / "plugin/pkg/pip_requirements.txt"], ids=lambda path: path.name
)
def test_every_package_has_a_hash(path: Path):
    joined = path.read_text().replace("\\\n", " ")
    packages = [line for line in joined.splitlines() if line and not line.startswith("--")]
    assert packages
    assert [line for line in packages if "==" not in line or "--hash=sha256:" not in line] == []


def test_what_has_no_wheel_is_built_with_locked_tools_in_the_images():
    dockerfile = images._PROGRAMS
    assert "--no-build-isolation" in dockerfile
    assert "--require-hashes" in dockerfile
    tools, packages = (f"--requirement /tmp/{name}.txt" for name in ("build", "requirements"))
    assert dockerfile.index(tools) < dockerfile.index(packages)


def test_the_plugins_image_takes_wheels_alone():
    assert "--only-binary :all: --require-hashes" in (ROOT / "plugin/Dockerfile").read_text()


def test_setup_builds_with_what_the_lock_file_has():
    installs = re.findall(r"\$\(INSTALL\) (.*)", (ROOT / "Makefile").read_text())
    assert installs
    for line in installs:
        assert "--require-hashes" in line or "--no-build-isolation" in line
