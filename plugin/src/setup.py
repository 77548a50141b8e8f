"""The package as SpaceONE names it; the version is read from the file VERSION beside this one."""

from pathlib import Path

from setuptools import find_packages, setup

VERSION = (Path(__file__).resolve().parent / "VERSION").read_text(encoding="utf-8").strip()

setup(
    name="plugin-portfolio-inven-collector",
    version=VERSION,
    description="SpaceONE inventory collector for cryptocurrency prices",
    license="Apache-2.0",
    packages=find_packages(include=["plugin", "plugin.*"]),
    package_data={"plugin": ["py.typed"]},
    python_requires=">=3.11",
    install_requires=[
        "certifi",
        "grpcio",
        "grpcio-health-checking",
        "grpcio-reflection",
        "msgspec",
        "protobuf",
        "pycoingecko",
        "spaceone-api",
        "urllib3",
    ],
    entry_points={"console_scripts": ["portfolio-collector = plugin.__main__:main"]},
    zip_safe=False,
)
