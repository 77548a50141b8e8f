"""The folder as SpaceONE's layout wants it, and an image that builds anywhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from plugin.serving.healthcheck import END_SECONDS
from tests.plugin.serving.test_healthcheck import COMMAND

PLUGIN = Path(__file__).parents[2] / "plugin"
REQUIREMENTS = PLUGIN / "pkg" / "pip_requirements.txt"


@pytest.mark.parametrize("inside", [True, False])
def test_setup_py_says_the_version_from_other_folders_too(inside, tmp_path):
    command = [sys.executable, "-W", "ignore", str(PLUGIN / "src" / "setup.py"), "--version"]
    folder = PLUGIN / "src" if inside else tmp_path
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert said.strip() == (PLUGIN / "src" / "VERSION").read_text().strip()


def test_every_requirement_is_pinned_with_hashes_and_names_no_index():
    lines = REQUIREMENTS.read_text().replace("\\\n", " ").splitlines()
    assert len(lines) >= 6
    for line in lines:
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][\w.]*( +--hash=sha256:[0-9a-f]{64})+ *", line), line


def test_every_direct_requirement_is_pinned():
    wanted = (PLUGIN / "pkg" / "pip_requirements.in").read_text().split()
    pinned = re.findall(r"^([a-z0-9-]+)==", REQUIREMENTS.read_text(), re.MULTILINE)
    assert set(wanted) <= set(pinned)


def test_the_dockerfile_needs_no_buildkit_and_no_root():
    text = (PLUGIN / "Dockerfile").read_text()
    assert not re.search(r"^# *syntax|--mount|<<", text, re.MULTILINE)
    base = re.search(r"^ARG BASE_IMAGE=python:3\.11\.\d+-slim-\w+@sha256:[0-9a-f]{64}$", text, re.MULTILINE)
    assert base
    assert base.start() < text.index("FROM ${BASE_IMAGE}")
    assert text.count("FROM ${BASE_IMAGE}") == 2
    assert "--require-hashes" in text
    assert "--only-binary :all:" in text
    assert "HEALTHCHECK" in text
    assert "org.opencontainers.image.title" in text
    assert "EXPOSE 50051" in text
    assert re.search(r"^USER \d+", text, re.MULTILINE)
    assert text.rstrip().endswith('ENTRYPOINT ["python", "-m", "plugin"]')


def test_the_package_stands_on_its_own():
    imported = {
        match
        for file in (PLUGIN / "src" / "plugin").rglob("*.py")
        for match in re.findall(r"^(?:from|import) (\w+)", file.read_text(), re.MULTILINE)
    }
    others = imported - set(sys.stdlib_module_names) - {"plugin"}
    assert others == {
        "certifi",
        "google",
        "grpc",
        "grpc_health",
        "grpc_reflection",
        "msgspec",
        "pycoingecko",
        "spaceone",
        "urllib3",
    }


def test_the_package_has_all_its_folders():
    """setup.py finds them, and nothing else."""
    import setuptools

    found = set(setuptools.find_packages(str(PLUGIN / "src"), include=["plugin", "plugin.*"]))
    folders = {path.parent for path in (PLUGIN / "src" / "plugin").rglob("*.py")}
    assert found == {".".join(folder.relative_to(PLUGIN / "src").parts) for folder in folders}
    assert "plugin.serving" in found


def test_the_health_check_of_the_image_is_the_file_and_ends_before_the_engine_gives_up():
    text = (PLUGIN / "Dockerfile").read_text()
    [(timeout, command)] = re.findall(
        r"^HEALTHCHECK --interval=30s --timeout=(\d+)s --start-period=5s \\\n    CMD (\[.*\])$",
        text,
        re.MULTILINE,
    )
    program, *arguments, file = json.loads(command)
    assert program == "python"
    assert arguments == COMMAND[1:-1]
    assert (PLUGIN / "src" / Path(file).relative_to("/opt/plugin")) == Path(COMMAND[-1])
    assert int(timeout) / 2 >= END_SECONDS


def test_nothing_in_the_image_depends_on_when_it_was_built():
    """tests/integration/test_plugin_image.py builds it twice."""
    packages, final = (PLUGIN / "Dockerfile").read_text().split("FROM ${BASE_IMAGE}\n")
    assert "--no-compile" in packages
    assert (
        packages.count("compileall -q --invalidation-mode unchecked-hash")
        == packages.count("compileall")
        == 2
    )
    assert re.search(r"^ARG SOURCE_DATE_EPOCH=\d+$", packages, re.MULTILINE)
    assert packages.rstrip().endswith('&& find /image -exec touch -h -d "@${SOURCE_DATE_EPOCH}" {} +')
    assert re.findall(r"^(?:COPY|ADD) .*", final, re.MULTILINE) == ["COPY --from=packages /image/ /"]
    assert re.findall(r"^RUN .*", final, re.MULTILINE) == [
        "RUN find / -xdev -perm /6000 -exec chmod ug-s {} +"
    ]
