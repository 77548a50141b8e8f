"""SpaceONE 2.x in a sandbox."""

from __future__ import annotations

from pathlib import Path

from sandbox.spaceone.distribution import Distribution
from sandbox.spaceone.spaceone_2.bootstrap import Bootstrap2
from sandbox.spaceone.spaceone_2.configuration import Configuration2

GENERATION = Distribution(
    name="2.x",
    environment="sandbox",
    requirements=Path(__file__).parents[1] / "requirements" / "spaceone-2.txt",
    server=("run", "grpc-server"),
    scheduler=("run", "scheduler"),
    configuration=Configuration2,
    bootstrap=Bootstrap2,
)
