"""Debian packages that the sandbox needs: installs them, or says which ones to install."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.machine.execute import execute

APT_SECONDS = 900
_WAIT = ("-o", "DPkg::Lock::Timeout=120")  # the machine may be installing updates
_APT = threading.Lock()
# On Debian, some programs are not on a normal user's PATH.
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])


@dataclass(frozen=True)
class Program:
    """A program, the Debian package that contains it, and its purpose."""

    name: str
    package: str
    purpose: str


def find(name: str) -> str | None:
    """The path of a program, also if it is only on root's PATH."""
    return shutil.which(name, path=_PATH)


def can_install() -> bool:
    """Whether packages can be installed here: as root on Debian, Ubuntu or a distribution based on them."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None and _debian_like()


def missing(programs: list[Program]) -> list[Program]:
    """The programs that are not installed on this machine."""
    return [program for program in programs if find(program.name) is None]


def ensure(programs: list[Program]) -> None:
    """Install what is missing.

    Raises:
        SandboxError: packages cannot be installed here, or apt-get failed. The error says what to install.
    """
    lacking = missing(programs)
    if not lacking:
        return
    packages = [program.package for program in lacking]
    if not can_install():
        wants = "; ".join(f"{program.name} ({program.purpose})" for program in lacking)
        raise SandboxError(
            f"Programs are missing: {wants}.",
            "The sandbox installs programs only as root on Debian or Ubuntu. Install them yourself. "
            f"On Debian or Ubuntu: apt-get install --no-install-recommends {' '.join(packages)}",
        )
    install(packages)
    if still := missing(lacking):
        raise SandboxError(
            f"apt-get installed {', '.join(program.package for program in still)}, but "
            f"{', '.join(program.name for program in still)} cannot be found."
        )


def install(packages: list[str]) -> None:
    """Install packages without questions. The package lists are updated only if the first try fails.

    Raises:
        SandboxError: apt-get failed; the details are the end of its output.
    """
    command = ["apt-get", *_WAIT, "install", "--yes", "--quiet", "--no-install-recommends", *packages]
    failure = f"apt-get could not install {' '.join(packages)}"
    with _APT:
        try:
            _apt(command, failure)
        except SandboxError:
            _apt(["apt-get", *_WAIT, "update", "--quiet"], failure, accept=range(256))
            _apt(command, failure)


def _apt(command: list[str], failure: str, accept: Collection[int] = (0,)) -> None:
    execute(
        command,
        failure,
        environment={"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"},  # 1: start no services
        seconds=APT_SECONDS,
        accept=accept,
    )


def _debian_like() -> bool:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return False
    return bool({"debian", "ubuntu"} & {release.get("ID", ""), *release.get("ID_LIKE", "").split()})


def mirror() -> str | None:
    """The Debian mirror from which this machine's apt gets its packages, or None. A mirror has every suite."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(COMPONENT)|$(REPO_URI)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    for line in listed.stdout.splitlines():
        match line.split("|"):
            case ["Debian", "main", address] if address.startswith("http") and "security" not in address:
                return address
    return None


def runs_systemd() -> bool:
    """Whether systemd is this machine's init."""
    return Path("/run/systemd/system").is_dir()
