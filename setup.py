"""Names the packages: pyproject.toml cannot add folders of another place to those that are found."""

from setuptools import find_packages, setup

# Data alone, below pluginctl/samples/ in a wheel: what pluginctl releases where there is no project.
SAMPLES = {"pluginctl.samples.deployments": "deployments", "pluginctl.samples.plugin": "plugin"}

setup(
    packages=[*find_packages(include=["flows*", "pluginctl*", "sandbox*"]), *SAMPLES],
    package_dir=SAMPLES,
)
