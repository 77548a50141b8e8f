from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.machine import debian
from sandbox.machine.debian import Program

HERE = Program("sh", "dash", "to have a shell")
GONE = Program("no-such-program", "no-such-package", "to do nothing")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs before all others; what is called is written into `called`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    monkeypatch.setenv("PATH", path)
    monkeypatch.setattr(debian, "_PATH", path)
    monkeypatch.setattr(debian, "can_install", lambda: True)
    return folder


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f'#!/bin/sh\necho "$0 $@" >> {folder}/called\n{script}\n')
    path.chmod(0o755)


def called(folder: Path) -> list[str]:
    return [
        Path(line.split()[0]).name + line[line.index(" ") :]
        for line in (folder / "called").read_text().splitlines()
    ]


def test_what_is_there_is_not_installed(programs: Path):
    program(programs, "apt-get", "exit 1")
    debian.ensure([HERE])
    assert not (programs / "called").exists()
    assert debian.missing([HERE, GONE]) == [GONE]


def test_only_what_is_missing_is_installed(programs: Path):
    program(
        programs,
        "apt-get",
        f"printf '#!/bin/sh\\n' > {programs}/{GONE.name}; chmod +x {programs}/{GONE.name}",
    )
    debian.ensure([HERE, GONE])
    assert called(programs) == [
        "apt-get -o DPkg::Lock::Timeout=120 install --yes --quiet --no-install-recommends no-such-package"
    ]


def test_package_lists_are_fetched_where_the_first_try_fails(programs: Path):
    program(programs, "apt-get", f'[ "$3" = update ] && touch {programs}/updated; [ -e {programs}/updated ]')
    debian.install(["x"])
    assert [line.split()[3] for line in called(programs)] == ["install", "update", "install"]


def test_a_failure_quotes_what_apt_said(programs: Path):
    program(programs, "apt-get", "echo 'E: Unable to locate package x'; exit 100")
    with pytest.raises(
        SandboxError, match=r"could not install x: `apt-get` ended with 100\.\s+E: Unable to locate"
    ):
        debian.install(["x"])


def test_no_services_are_started_by_packages(programs: Path):
    program(programs, "apt-get", f'echo "$RUNLEVEL $DEBIAN_FRONTEND" > {programs}/variables')
    debian.install(["x"])
    assert (programs / "variables").read_text() == "1 noninteractive\n"


def test_a_package_without_its_program_is_told(programs: Path):
    program(programs, "apt-get", "exit 0")
    with pytest.raises(SandboxError, match="installed no-such-package, but no-such-program cannot be found"):
        debian.ensure([GONE])


def test_elsewhere_the_command_is_named_and_nothing_is_done(programs: Path, monkeypatch: pytest.MonkeyPatch):
    program(programs, "apt-get", "exit 0")
    monkeypatch.setattr(debian, "can_install", lambda: False)
    with pytest.raises(SandboxError, match=r"to do nothing[\s\S]*apt-get install .*no-such-package"):
        debian.ensure([GONE])
    assert not (programs / "called").exists()


def test_only_root_installs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert not debian.can_install()


def test_the_mirror_is_the_one_that_apt_uses(programs: Path):
    lines = "Ubuntu|main|http://u/\\nDebian|contrib|http://a/\\nDebian|main|http://mirror.example/debian/\\n"
    program(programs, "apt-get", f"printf '{lines}'")
    assert debian.mirror() == "http://mirror.example/debian/"


def test_a_machine_of_another_distribution_has_no_mirror(programs: Path):
    program(programs, "apt-get", "printf 'Ubuntu|main|http://u/\\n'")
    assert debian.mirror() is None
