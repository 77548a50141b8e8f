"""Copies a Python environment without some of its packages: SOURCE TARGET NAMES."""

import shutil
import sys
from importlib.metadata import distributions
from pathlib import Path

source, target, names = map(Path, sys.argv[1:])
unwanted, dropped, kept = set(names.read_text().split()), set(), set()
for package in distributions():
    name = package.metadata["Name"].lower().replace("_", "-")
    (dropped if name in unwanted else kept).update(
        str(package.locate_file(file)) for file in package.files or ()
    )
dropped -= kept  # several of SpaceONE's packages have the file spaceone/__init__.py


def left_out(folder, files):
    if folder.endswith("__pycache__"):
        return [file for file in files if f"{Path(folder).parent}/{file.partition('.')[0]}.py" in dropped]
    return [file for file in files if f"{folder}/{file}" in dropped]


shutil.copytree(source, target, symlinks=True, ignore=left_out)
for folder in sorted(
    (each for each in target.rglob("*") if each.is_dir() and not each.is_symlink()), reverse=True
):
    if not any(folder.iterdir()):  # else Python would still import it, as a namespace
        folder.rmdir()
