"""SpaceONE 2.x in a sandbox."""

from __future__ import annotations

from pathlib import Path

from deployments.sandbox.generation import Generation
from deployments.sandbox.settings import WORKER_POOL
from deployments.sandbox.spaceone_2.bootstrap import Bootstrap2
from deployments.sandbox.spaceone_2.configuration import configuration

GENERATION = Generation(
    name="2.x",
    environment="sandbox",
    requirements=Path(__file__).parents[1] / "requirements" / "spaceone-2.txt",
    server=("run", "grpc-server"),
    scheduler=("run", "scheduler"),
    background={"inventory-worker": WORKER_POOL, "inventory-scheduler": 4, "supervisor": 1},
    configuration=configuration,
    bootstrap=Bootstrap2,
)
