"""SpaceONE 1.12 in a sandbox."""

from __future__ import annotations

from pathlib import Path

from sandbox.spaceone.distribution import Distribution
from sandbox.spaceone.spaceone_1_12.bootstrap import Bootstrap112
from sandbox.spaceone.spaceone_1_12.configuration import Configuration112

GENERATION = Distribution(
    name="1.12",
    environment="sandbox-1.12",
    requirements=Path(__file__).parents[1] / "requirements" / "spaceone-1.12.txt",
    server=("grpc",),
    scheduler=("scheduler",),
    configuration=Configuration112,
    bootstrap=Bootstrap112,
    # 1.12 has another form of data and dynamic UI: a plugin for both generations needs to know the generation.
    plugin_options={"generation": "1.12"},
)
