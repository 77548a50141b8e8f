"""SpaceONE 1.12 in a sandbox."""

from __future__ import annotations

from pathlib import Path

from deployments.sandbox.generation import Generation
from deployments.sandbox.settings import WORKER_POOL
from deployments.sandbox.spaceone_1_12.bootstrap import Bootstrap112
from deployments.sandbox.spaceone_1_12.configuration import configuration

GENERATION = Generation(
    name="1.12",
    environment="sandbox-1.12",
    requirements=Path(__file__).parents[1] / "requirements" / "spaceone-1.12.txt",
    server=("grpc",),
    scheduler=("scheduler",),
    background={"inventory-worker": WORKER_POOL, "inventory-scheduler": 3, "supervisor": 1},
    configuration=configuration,
    bootstrap=Bootstrap112,
    # Data and dynamic UI travel in another form: a plugin that serves both must be told.
    plugin_options={"generation": "1.12"},
)
