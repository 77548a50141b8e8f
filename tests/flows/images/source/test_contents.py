"""What is read of requirements, setup.py and Dockerfile, and what looks wrong in them."""

from __future__ import annotations

import pytest

from flows.images import SourceError
from flows.images.source import PluginSource
from flows.images.source.setup import Setup

WALKTHROUGH = """
from setuptools import find_packages, setup

with open("VERSION", "r") as f:
    VERSION = f.read().strip()

setup(name="plugin-portfolio-inven-collector", version=VERSION, packages=find_packages())
"""


@pytest.fixture
def contents(plugin):
    """Writes files of the source and reads what they say."""

    def contents(**files):
        names = {"setup": "src/setup.py", "requirements": "pkg/pip_requirements.txt"}
        for name, text in files.items():
            (plugin / names[name]).write_text(text)
        return PluginSource.load(plugin).contents

    return contents


def test_this_repositorys_own_plugin(checkout):
    source = PluginSource.load(checkout / "plugin")
    assert source.contents.setup == Setup("plugin-portfolio-inven-collector", source.version)
    wanted = (checkout / "plugin/pkg/pip_requirements.in").read_text().split()
    assert source.contents.requirements > len(wanted)  # locked, with what they want themselves
    assert source.contents.remarks == ()
    assert source.base({"BASE_IMAGE": "own:1"}) == "own:1"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("spaceone-api\npre-commit\npycoingecko\ngrpcio\n", 4),
        ("a==1 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2\nb>=2  # why\n", 2),
        ("# nothing\n--index-url https://example.com\na @ https://example.com/a.zip#sha256=1\n-e ./b\n", 2),
        ("-r other.txt\n", 0),
    ],
)
def test_requirements_are_counted(contents, text, count):
    found = contents(requirements=text)
    assert (found.requirements, found.remarks) == (count, ())


def test_requirements_without_a_package_are_remarked(contents, plugin):
    (remark,) = contents(requirements="# later\n\n").remarks
    assert remark.startswith(f"{plugin / 'pkg/pip_requirements.txt'}: names no package; ")


@pytest.mark.parametrize(
    ("text", "setup"),
    [
        (WALKTHROUGH, Setup("plugin-portfolio-inven-collector", "0.1.0")),
        ("import setuptools\nsetuptools.setup(name='x', version='0.1.0')", Setup("x", "0.1.0")),
        ("from setuptools import setup\nsetup(**{})", Setup(None, None)),
        ("other(name='x')", Setup(None, None)),
        (
            "from pathlib import Path\nsetup(name='x', version=Path('src/VERSION').read_text())",
            Setup("x", "0.1.0"),
        ),
        ("# -*- coding: latin-1 -*-\nsetup(name='x')", Setup("x", None)),
    ],
)
def test_setup_is_read_and_not_run(contents, text, setup):
    found = contents(setup=text + "\nraise SystemExit('it ran')\n")
    assert (found.setup, found.remarks) == (setup, ())


def test_a_version_of_its_own_in_setup_is_remarked(contents, plugin):
    found = contents(setup="setup(name='x', version='0.0.9')")
    assert found.setup == Setup("x", "0.0.9")
    (remark,) = found.remarks
    assert remark.startswith(
        f"{plugin / 'src/setup.py'}: has version '0.0.9', but VERSION has 0.1.0; make it "
    )


@pytest.mark.parametrize("text", ["setup(", "\0"])
def test_a_setup_that_is_no_python_is_remarked(contents, plugin, text):
    found = contents(setup=text)
    assert found.setup == Setup(None, None)
    assert f"{plugin / 'src/setup.py'}: cannot be read as Python" in found.remarks[0]


def test_neither_is_needed(plugin):
    (plugin / "src/setup.py").unlink()
    (plugin / "pkg/pip_requirements.txt").unlink()
    contents = PluginSource.load(plugin).contents
    assert (contents.requirements, contents.setup, contents.remarks) == (None, None, ())


def test_what_the_dockerfile_copies_must_be_there(plugin):
    (plugin / "Dockerfile").write_text("FROM scratch\nCOPY src pkg/*.txt /x/\nCOPY pkg/requirements.txt /x\n")
    with pytest.raises(
        SourceError, match=r"is missing, but line 3 of the Dockerfile copies it\. Add it"
    ) as caught:
        PluginSource.load(plugin)
    assert caught.value.path == plugin / "pkg/requirements.txt"


def test_what_the_dockerfile_copies_must_not_be_hidden(plugin):
    (plugin / ".dockerignore").write_text("pkg\n")
    (plugin / "Dockerfile").write_text("FROM scratch\nCOPY pkg/*.txt /x/\n")
    with pytest.raises(
        SourceError, match=r"\*\.txt: is excluded by \.dockerignore, but line 2 .*\. Include it"
    ):
        PluginSource.load(plugin)


def test_a_wildcard_without_a_match_is_nothing_to_buildkit(plugin):
    text = "FROM scratch\nCOPY src /x\nCOPY {}pkg/*.in /x/\n"
    (plugin / "Dockerfile").write_text(text.format(""))
    with pytest.raises(SourceError, match="is missing"):
        PluginSource.load(plugin)
    (plugin / "Dockerfile").write_text(text.format("--chmod=755 "))
    assert PluginSource.load(plugin)


def test_an_instruction_that_does_not_exist_is_refused_with_its_line(plugin):
    (plugin / "Dockerfile").write_text("FROM scratch\nRUN a\n  && b\n")
    with pytest.raises(
        SourceError, match=r"Dockerfile: line 3 begins with '&&', which is no instruction\. Correct it"
    ):
        PluginSource.load(plugin)


def test_a_frontend_of_somebody_else_is_refused(plugin):
    (plugin / "Dockerfile").write_text("# syntax=example.com/frontend:1\nFROM scratch\n")
    with pytest.raises(
        SourceError, match="line 1 names another frontend than Docker's own: 'example.com/frontend:1'"
    ):
        PluginSource.load(plugin)


def test_a_dockerfile_must_name_a_base(plugin):
    (plugin / "Dockerfile").write_text("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n")
    source = PluginSource.load(plugin)
    assert source.base({"BASE_IMAGE": "own:1"}) == "own:1"
    with pytest.raises(SourceError, match=r"Dockerfile: names no base image\. .* build\.args"):
        source.base({})
