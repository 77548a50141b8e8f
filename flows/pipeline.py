"""The pipeline itself, as it is installed."""

from __future__ import annotations


def pipeline_version() -> str:
    """The version of the pipeline: of commands, flows and what they write down."""
    from importlib.metadata import version  # a dry run on a terminal needs none

    return version("spaceone-plugin-pipeline")
