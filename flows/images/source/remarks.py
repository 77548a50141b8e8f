"""What looks wrong in a source and would be noticed only when the image is built, or used."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from flows.images.source.dockerfile import KEYWORDS, Dockerfile, Instruction, open_quote
from flows.images.source.dockerignore import pattern
from flows.images.source.reading import read_text
from flows.images.source.setup import Package
from flows.text import printable

_VERSION = re.compile(r"(?:(?:release|version|ver|rel)[-_/]?)?[vV]?(\d+(?:\.\d+)+.*)")

#: What ends a command, or takes another one as its argument.
_GOES_ON = re.compile(
    r"(?:&&|\|\||[|;&({]|(?:^|\s)(?:then|do|else|elif|if|while|until|in|!|exec|-exec|eval|sudo|env|nice|nohup|time"
    r"|xargs|command|sh|bash|-c|--))\s*$"
)
#: How a command begins: not its name alone, which may be that of a package in a list.
_COMMAND = re.compile(
    r"pip[23]?\s+(?:install|uninstall|download|wheel|cache|config)\b"
    r"|python[\d.]*\s+(?:-[mcuIS]\b|\S+\.py\b)"
    r"|apt(?:-get)?\s+(?:-\S+\s+)*(?:update|install|upgrade|clean|remove|purge|autoremove)\b"
    r"|apk\s+(?:-\S+\s+)*(?:add|del|update|upgrade)\b"
    r"|(?:yum|dnf|microdnf)\s+(?:-\S+\s+)*(?:install|clean|update|remove)\b"
    r"|rm\s+-|mkdir\s+[-/.]|(?:cp|mv|ln)\s+(?:-\S|\S+\s+\S)|cd\s+[/.$~\w]"
    r"|chmod\s+\S+\s|chown\s+\S+\s|export\s+\w+=|find\s+\S+\s+-|sed\s+-|echo\s+\S"
    r"|(?:curl|wget)\s+(?:-|https?:)|tar\s+(?:-\w*[xct]|[xct]\w*[fz]\w*\s)|unzip\s+(?:-|\S+\.zip)"
    r"|git\s+(?:clone|checkout|config)\b|npm\s+(?:ci|install|run)\b"
    r"|poetry\s+(?:install|config|export|build|run)\b|uv\s+(?:pip|sync|venv|run|lock|export)\b"
    r"|(?:useradd|groupadd|adduser|addgroup)\s+\S|update-ca-certificates\s*$"
)
_SETUP_INSTALL = re.compile(r"setup\.py\s+install\b")
_PIP = re.compile(r"\bpip[\d.]*\s+install\s+([^&;|]+)")
_WITH_VALUE = re.compile(
    r"(?:-[rctife]|--(?:requirement|constraint|target|index-url|extra-index-url|find-links|prefix|root|cache-dir"
    r"|trusted-host|platform|python-version|editable|src|log|timeout|retries|progress-bar|no-binary|only-binary))$"
)
_YAML = (".yaml", ".yml")


def version_of_tag(tag: str) -> str | None:
    """The version that a git tag names, such as 0.1.0 for v0.1.0 and release-0.1.0; None if it names none."""
    match = _VERSION.fullmatch(tag)
    return match[1] if match else None


def of_tags(version: str, tags: Iterable[str]) -> Iterator[str]:
    """A git tag of the commit that is checked out which names another version than src/VERSION."""
    named = {tag: found for tag in tags if (found := version_of_tag(tag))}
    if named and version.removeprefix("v") not in named.values():
        shown = ", ".join(printable(tag) for tag in sorted(named)[:5])
        yield (
            f"src/VERSION: says {version}, but the commit that is checked out has the git tag {shown}; write the "
            f"version into the file first, and tag the commit that has it. This release is {version}."
        )


def of_dockerfile(dockerfile: Dockerfile, path: Path) -> Iterator[str]:
    r"""A command or an instruction that is an argument of the one before it, because a line ends with `\`."""
    for each in dockerfile.instructions:
        if each.keyword != "RUN" or each.listed is not None or each.heredocs:
            continue
        for number, line, advice in _swallowed(each, dockerfile.escape):
            yield (
                f"{path}: line {number} continues the command of the line before it, so `{printable(line[:40])}` is "
                f"only an argument there; {advice}."
            )
        if each.arguments.endswith(("&&", "||")):
            operator = each.arguments[-2:]
            yield f"{path}: the RUN at line {each.line} ends with {operator} and nothing after it; remove it."


def _swallowed(instruction: Instruction, escape: str) -> Iterator[tuple[int, str, str]]:
    quote = ""
    for (_, before), (number, line) in zip(instruction.pieces, instruction.pieces[1:], strict=False):
        quote = open_quote(before, escape, quote)
        command = line.strip()
        if quote:
            continue
        if command.partition(" ")[0] in KEYWORDS:
            yield number, command, f"remove the {escape} at the end of that line"
        elif not _GOES_ON.search(before.rstrip()) and _COMMAND.match(command):
            yield number, command, f"end the line before it with `&& {escape}`"


def of_package_data(
    folder: Path, package: Package, files: Collection[str], dockerfile: Dockerfile
) -> Iterator[str]:
    """YAML files of the package that the image does not have, because an installation takes Python's files alone.

    Args:
        folder: The plugin source.
        package: What setup.py or pyproject.toml says.
        files: The paths that the Dockerfile copies.
        dockerfile: Whether it installs the package, and does not run it where it was copied to.
    """
    if (
        package.data is None
        or package.setup is None
        or not _installs(dockerfile)
        or _runs_in_place(dockerfile)
    ):
        return
    top = f"{package.folder}/" if package.folder else ""
    below = {path.removeprefix(top) for path in files if path.startswith(top)}
    manifest = _manifest(folder, package.folder) if package.data.manifest else ""
    left = [
        path
        for path in sorted(below)
        if path.endswith(_YAML)
        and (owner := _owner(path, below))
        and not _is_data(path, owner, package.data.patterns)
        and not _in_manifest(manifest)
    ]
    if left:
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        owner = _owner(left[0], below).replace("/", ".")
        where = (
            "package_data of setup()"
            if package.setup.file == "setup.py"
            else "[tool.setuptools.package-data]"
        )
        yield (
            f"{folder / top / left[0]}{more}: the Dockerfile installs the package, and an installation takes no YAML "
            f"that {where} does not name; add there {{'{printable(owner)}': ['**/*{Path(left[0]).suffix}']}}."
        )


def _installs(dockerfile: Dockerfile) -> bool:
    return any(_installs_here(each.arguments) for each in dockerfile.instructions if each.keyword == "RUN")


def _installs_here(command: str) -> bool:
    if _SETUP_INSTALL.search(command):
        return True
    for match in _PIP.finditer(command):
        words = iter(match[1].split())
        for word in words:
            if _WITH_VALUE.match(word):
                next(words, None)
            elif re.match(r"\.{1,2}(?:/|$)|/|\$\{?\w*(?:SRC|DIR)", word) and not word.endswith(
                (".whl", ".txt", ".gz")
            ):
                return True
    return False


def _runs_in_place(dockerfile: Dockerfile) -> bool:
    """Whether the image starts Python in the folder of the source, which then comes before what is installed."""
    started = [each for each in dockerfile.instructions if each.keyword in {"CMD", "ENTRYPOINT"}]
    text = " ".join(word for each in started for word in each.words)
    return re.search(r"python[\d.]*\s+(?:-\w+\s+)*(?:-m\b|\S+\.py\b)", text) is not None


def _owner(path: str, files: Collection[str]) -> str:
    """The folder of the package that a file belongs to: the deepest with `__init__.py`, as all above it; "" if none."""
    parts, owner = path.split("/")[:-1], ""
    for depth in range(1, len(parts) + 1):
        here = "/".join(parts[:depth])
        if f"{here}/__init__.py" not in files:
            break
        owner = here
    return owner


def _is_data(path: str, owner: str, patterns: dict[str, Sequence[str]] | object) -> bool:
    named = patterns if isinstance(patterns, dict) else {}
    packages = owner.split("/")
    for depth in range(len(packages), 0, -1):
        rest = path.removeprefix("/".join(packages[:depth]) + "/")
        name = ".".join(packages[:depth])
        for each in (*named.get(name, ()), *named.get("", ()), *named.get("*", ())):
            try:
                if pattern(each.removeprefix("./")).matches(rest):
                    return True
            except re.error:
                return True  # it is not known what it means
    return False


def _manifest(folder: Path, below: str) -> str:
    try:
        return read_text(folder, f"{below}/MANIFEST.in" if below else "MANIFEST.in", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _in_manifest(text: str) -> bool:
    """Whether MANIFEST.in may name YAML; its language is not read any further."""
    lines = (line.split() for line in text.splitlines())
    return any(
        words[0] == "graft" or any(word in {"*", "*.*"} or word.endswith(_YAML) for word in words[1:])
        for words in lines
        if words
    )
