"""Names the packages: pyproject.toml cannot add folders of another place to those that are found."""

import sys

from setuptools import find_packages, setup

# Data alone, below pluginctl/samples/ in a wheel: what pluginctl releases where there is no project. An editable
# installation has the checkout instead, and stays one line in a .pth as long as no folder is mapped.
SAMPLES = {"pluginctl.samples.deployments": "deployments", "pluginctl.samples.plugin": "plugin"}
samples = {} if "editable_wheel" in sys.argv else SAMPLES

setup(
    packages=[*find_packages(include=["flows*", "pluginctl*", "sandbox*"]), *samples],
    package_dir={"": ".", **samples},
)
