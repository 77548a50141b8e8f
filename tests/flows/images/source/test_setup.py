"""What setup.py and pyproject.toml say of the package."""

from __future__ import annotations

import pytest

from flows.images.source.setup import Data, Setup, read_package

PROJECT = '[project]\nname = "x"\nversion = "0.1.0"\n'


@pytest.fixture
def package(plugin):
    def package(files):
        (plugin / "src/setup.py").unlink(missing_ok=True)
        for name, text in files.items():
            (plugin / name).write_text(text)
        return read_package(plugin, "0.1.0")

    return package


@pytest.mark.parametrize(
    ("files", "setup"),
    [
        ({"src/pyproject.toml": PROJECT}, Setup("x", "0.1.0", "pyproject.toml")),
        ({"pyproject.toml": PROJECT}, Setup("x", "0.1.0", "pyproject.toml")),
        ({"pyproject.toml": "[tool.ruff]\nline-length = 100\n"}, None),
        (
            {"src/pyproject.toml": "[tool.x]\n", "pyproject.toml": PROJECT},
            Setup("x", "0.1.0", "pyproject.toml"),
        ),
        (
            {
                "src/pyproject.toml": '[project]\nname = "x"\ndynamic = ["version"]\n'
                '[tool.setuptools.dynamic]\nversion = {file = ["VERSION"]}\n'
            },
            Setup("x", "0.1.0", "pyproject.toml"),
        ),
        (
            {"src/pyproject.toml": '[project]\nname = "x"\ndynamic = ["version"]\n'},
            Setup("x", None, "pyproject.toml"),
        ),
        (
            {"pyproject.toml": '[tool.poetry]\nname = "x"\nversion = "0.1.0"\n'},
            Setup("x", "0.1.0", "pyproject.toml"),
        ),
        ({"pyproject.toml": "[project]\nname = 1\n"}, Setup(None, None, "pyproject.toml")),
        (
            {"src/setup.py": "from setuptools import setup\nsetup()\n", "src/pyproject.toml": PROJECT},
            Setup("x", "0.1.0", "pyproject.toml"),
        ),
        (
            {"src/setup.py": "setup(name='y', version='0.1.0')\n", "pyproject.toml": PROJECT},
            Setup("y", "0.1.0"),
        ),
        ({}, None),
    ],
)
def test_name_and_version(package, files, setup):
    found = package(files)
    assert (found.setup, found.remarks) == (setup, ())


def test_another_version_is_remarked(package, plugin):
    (remark,) = package({"pyproject.toml": PROJECT.replace("0.1.0", "0.2.0")}).remarks
    assert remark.startswith(f"{plugin / 'pyproject.toml'}: has version '0.2.0', but VERSION has 0.1.0; ")


@pytest.mark.parametrize("text", ["[project", "x = " + "[" * 100_000, "a.b = 1\na = 2\n", "\0"])
def test_what_is_no_toml_is_remarked(package, plugin, text):
    found = package({"pyproject.toml": text})
    (remark,) = found.remarks
    assert remark.startswith(f"{plugin / 'pyproject.toml'}: ")
    assert found.setup == Setup(None, None, "pyproject.toml")


@pytest.mark.parametrize(
    ("files", "data"),
    [
        ({"src/setup.py": "setup(packages=[])"}, Data({}, manifest=False)),
        (
            {
                "src/setup.py": "setup(packages=p(), package_data={'a': ['*.yaml']}, include_package_data=True)"
            },
            Data({"a": ("*.yaml",)}, manifest=True),
        ),
        ({"src/setup.py": "setup(packages=[], package_data=DATA)"}, None),
        ({"src/setup.py": "setup(packages=[], package_data={'a': '*.yaml'})"}, None),
        ({"src/setup.py": "setup(packages=[], **more)"}, None),
        ({"src/setup.py": "setup(packages=[], package_dir={'': 'x'})"}, None),
        ({"src/setup.py": "setup(name='x')"}, None),
        ({"src/setup.py": "setup(packages=[])", "src/setup.cfg": "[options.package_data]"}, None),
        ({"src/pyproject.toml": PROJECT}, Data({}, manifest=True)),
        (
            {"src/pyproject.toml": PROJECT + '[tool.setuptools.package-data]\na = ["*.yaml"]\n'},
            Data({"a": ("*.yaml",)}, manifest=True),
        ),
        ({"src/pyproject.toml": PROJECT + '[build-system]\nbuild-backend = "hatchling.build"\n'}, None),
        (
            {
                "src/setup.py": "setup(packages=[])",
                "src/pyproject.toml": PROJECT
                + '[tool.setuptools]\ninclude-package-data = false\n[tool.setuptools.package-data]\na = ["b"]\n',
            },
            Data({"a": ("b",)}, manifest=False),
        ),
    ],
)
def test_which_other_files_are_installed(package, files, data):
    assert package(files).data == data


def test_the_description_is_read_from_either_file(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\ndescription = "Of TOML"\n'
    )
    assert read_package(tmp_path, "1").description == "Of TOML"
    (tmp_path / "src/setup.py").write_text("setup(name='x', version='1', description='Of Python')\n")
    assert read_package(tmp_path, "1").description == "Of Python"
    (tmp_path / "src/setup.py").write_text("setup(name='x', version='1', description=text)\n")
    assert read_package(tmp_path, "1").description == "Of TOML"
    (tmp_path / "pyproject.toml").unlink()
    assert read_package(tmp_path, "1").description is None
