"""All benchmarks, in the order in which they run."""

from __future__ import annotations

from tests.benchmarks.collector import (
    FIRST_RESOURCE,
    MEMORY,
    MEMORY_GROWTH,
    VS_FLOOR_FULL,
    VS_FLOOR_REFERENCE,
    VS_FRAMEWORK,
)
from tests.benchmarks.image import IMAGE_SIZE
from tests.benchmarks.imports import COMMAND_IMPORTS
from tests.benchmarks.mongodb import MONGODB
from tests.benchmarks.release import NOOP_RELEASE
from tests.benchmarks.runs import NOOP_THROUGH_WORKER, QUEUED_DRY_RUNS
from tests.benchmarks.walkthrough import WALKTHROUGH

BENCHMARKS = (
    NOOP_RELEASE,
    WALKTHROUGH,
    NOOP_THROUGH_WORKER,
    QUEUED_DRY_RUNS,
    COMMAND_IMPORTS,
    FIRST_RESOURCE,
    VS_FLOOR_REFERENCE,
    VS_FLOOR_FULL,
    VS_FRAMEWORK,
    MEMORY,
    MEMORY_GROWTH,
    IMAGE_SIZE,
    MONGODB,
)
