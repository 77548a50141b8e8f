"""For which platforms an engine can build, and which it can run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flows.images.engine.connection import answering, remote_host
from flows.images.errors import SourceError
from flows.images.source.context import DOCKERFILE
from flows.images.source.dockerfile import DockerfileError
from flows.images.source.stages import stages
from flows.platforms import platform_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.images.engine.api import Api
    from flows.images.source.dockerfile import Instruction
    from flows.images.source.plugin_source import PluginSource

_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_EMULATORS = {
    "386": "qemu-i386",
    "amd64": "qemu-x86_64",
    "arm": "qemu-arm",
    "arm64": "qemu-aarch64",
    "ppc64le": "qemu-ppc64le",
    "riscv64": "qemu-riscv64",
    "s390x": "qemu-s390x",
}
_BELOW = {"amd64": {"386"}, "arm64": {"arm"}}
"""What a processor runs besides its own programs."""

_TARGET = ("TARGETARCH", "TARGETPLATFORM", "TARGETVARIANT")
_FOREIGN = "exec format error"
"""What a container of another platform says that the engine cannot run."""


def native(api: Api) -> str:
    """The platform of an engine, such as `linux/amd64`."""
    with answering(api.address, "reading its platform"):
        found = api.calls.version()
    return platform_of({"os": found.get("Os"), "architecture": found.get("Arch")}) or "linux/amd64"


def check_platforms(api: Api, source: PluginSource, platforms: Iterable[str]) -> None:
    """Refuse a source that an engine cannot build for a platform, before anything is built.

    An engine runs the steps of a RUN as the platform's programs. Without an emulator it can only copy files.

    Args:
        api: The engine.
        source: What is built.
        platforms: What it is built for.

    Raises:
        SourceError: the Dockerfile has a RUN that the engine cannot run, or copies other files for each platform, which
            the digest of the source would not cover. The error names the line and what to do.
    """
    own = native(api)
    for platform in platforms:
        if platform == own:
            continue
        if line := _chosen_files(source):
            raise SourceError(
                source.folder / DOCKERFILE,
                f"line {line} copies files by the platform, which the digest of the source does not cover",
                "Copy the files of all platforms, and choose with RUN",
            )
        if runs(api, own, platform) is False and (line := _run(source, own)):
            architecture = platform.split("/")[1]
            raise SourceError(
                source.folder / DOCKERFILE,
                f"line {line} has a RUN, which the Docker engine cannot run for {platform} ({api.address}, {own})",
                f"Register an emulator on the engine's machine ({_binfmt(architecture)}, or Debian's qemu-user-static "
                f"with binfmt-support), or remove {platform} from build.platforms of the environment",
            )


def _binfmt(architecture: str) -> str:
    return f"`docker run --privileged --rm tonistiigi/binfmt --install {architecture}`"


def runs(api: Api, own: str, platform: str) -> bool | None:
    """Whether an engine can run programs of a platform; None if that is not known.

    A container has no emulator of its own, so only one that the kernel keeps open (flag F) counts.
    """
    architecture, wanted = own.split("/")[1], platform.split("/")[1]
    if wanted == architecture or wanted in _BELOW.get(architecture, ()):
        return True
    if remote_host(api.address):
        return None
    try:
        text = (_BINFMT / _EMULATORS.get(wanted, "none")).read_text()
    except OSError:
        return False
    words = text.split()
    flags = words[words.index("flags:") + 1] if "flags:" in words[:-1] else ""
    return words[:1] == ["enabled"] and "F" in flags


def is_foreign(words: Iterable[str]) -> bool:
    """Whether the words of a container mean that the engine cannot run its platform."""
    return any(_FOREIGN in each.lower() for each in words)


def _run(source: PluginSource, own: str) -> int | None:
    """The line of the first RUN of a stage that is not built on the engine's own platform."""
    for stage in _stages(source):
        if own in stage[0] or "BUILDPLATFORM" in stage[0]:
            continue
        for each in stage[1]:
            if each.keyword == "RUN":
                return each.line
    return None


def _chosen_files(source: PluginSource) -> int | None:
    for _, instructions in _stages(source):
        for each in instructions:
            if (
                each.keyword in {"ADD", "COPY"}
                and not each.flag("from")
                and any(t in each.text for t in _TARGET)
            ):
                return each.line
    return None


def _stages(source: PluginSource) -> list[tuple[str, list[Instruction]]]:
    """Each stage's platform as it is written, and its instructions."""
    try:
        found = stages(source.dockerfile)
    except DockerfileError:
        return []  # the build says so
    froms = [each for each in source.dockerfile.instructions if each.keyword == "FROM"]
    return [
        (begin.flag("platform") or "", stage.instructions) for begin, stage in zip(froms, found, strict=True)
    ]
