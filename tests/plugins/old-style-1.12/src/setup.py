#!/usr/bin/env python3
from setuptools import setup, find_packages

with open('VERSION', 'r') as f:
    VERSION = f.read().strip()

setup(
    name='plugin-orchard-inven-collector',
    version=VERSION,
    description='Orchard collector plugin',
    long_description='',
    url='https://example.com/plugin-orchard-inven-collector',
    author='Orchard Example',
    license='Apache License 2.0',
    packages=find_packages(),
    install_requires=[
        'PyYAML',
    ],
    zip_safe=False,
)
