from setuptools import find_packages, setup

with open("VERSION", "r") as f:
    VERSION = f.read().strip()

setup(
    name="plugin-glacier-inven-collector",
    version=VERSION,
    description="A collector that is long in starting",
    license="Apache License 2.0",
    packages=find_packages(),
    install_requires=["PyYAML"],
    zip_safe=False,
)
