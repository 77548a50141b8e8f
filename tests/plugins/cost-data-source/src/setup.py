from setuptools import find_packages, setup

with open("VERSION", "r") as f:
    VERSION = f.read().strip()

setup(
    name="plugin-ledger-cost-datasource",
    version=VERSION,
    description="Data source of what a ledger holds",
    license="Apache License 2.0",
    packages=find_packages(),
    install_requires=["PyYAML"],
    zip_safe=False,
)
