from setuptools import find_packages, setup

with open("VERSION", "r") as f:
    VERSION = f.read().strip()

setup(
    name="plugin-doorbell-mon-webhook",
    version=VERSION,
    description="Webhook for a doorbell's alerts",
    license="Apache License 2.0",
    packages=find_packages(),
    install_requires=["PyYAML"],
    zip_safe=False,
)
