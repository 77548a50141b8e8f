from setuptools import find_packages, setup

with open("VERSION", "r") as f:
    VERSION = f.read().strip()

setup(
    name="plugin-greenhouse-inven-collector",
    version=VERSION,
    description="Collector plugin for greenhouses",
    url="https://example.com/plugin-greenhouse-inven-collector",
    author="Greenhouse Example",
    license="Apache License 2.0",
    packages=find_packages(),
    install_requires=["PyYAML"],
    package_data={"plugin": ["metadata/*.yaml"]},
    zip_safe=False,
)
