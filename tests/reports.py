"""Parts of a report, for tests that show, render or send one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.collection import Job, Verdict
from flows.images import ImageReference
from flows.images.engine import LocalImage, Trial
from flows.images.engine.restrictions import ALL
from flows.images.registry import Login
from flows.images.source import Contents, PluginSource, Setup
from flows.images.source.dockerfile import parse
from flows.images.source.listing import Listing
from flows.images.state import ImageState, ImageStatus
from flows.plugin_kinds import COLLECTS, kind_of
from flows.resources import Action, Plan
from flows.steps.catalogue import StepKind
from flows.steps.parts import Collected, Delivered, Planned, Registered, Source
from flows.steps.report import Report
from flows.steps.retries import NEVER, Retries

JOB = Job("job-1", "SUCCESS", 2, 0, 2, 0, "")
REFERENCE = ImageReference("host", "portfolio", "0.1.0")
BUILT = LocalImage(
    REFERENCE,
    f"sha256:{'ab' * 32}",
    datetime(2024, 7, 25, 17, 31, 1, tzinfo=UTC),
    155_000_000,
    *("", ("50051/tcp",), {}),
)


def kind(name: str = "plan", retries: Retries = NEVER, seconds: float = 60) -> StepKind:
    """A row of the table of steps."""
    return StepKind(name, "does something", retries, seconds)


def planned(actions: tuple[Action, ...] = (), digest: str | None = "sha256:held") -> Planned:
    """A plan whose image is there already."""
    contents = Contents(1, Setup("plugin-portfolio", "0.1.0"), ("Look at [it].",))
    source = PluginSource(
        folder=Path("plugin"),
        version="0.1.0",
        dockerfile=parse("FROM python:3.11"),
        listing=Listing({"src/plugin/main.py": "ab" * 32}),
        revision="c0ffee",
        created=datetime(2024, 1, 1, tzinfo=UTC),
        contents=contents,
    )
    state = ImageState(ImageStatus.SAME, REFERENCE, digest, source.digest, "")
    return Planned(Source(source, "python:3.11"), state, Plan(actions), (), kind_of(COLLECTS).on("2.x"))


def delivered() -> Delivered:
    """An image that was built and pushed."""
    trial = Trial(("grpc.health.v1.Health", "Collector"), 0.3333, restrictions=ALL)
    return Delivered(Login("ann", token=False), BUILT, trial, "sha256:image")


def collected(
    *failures: str, rows: tuple[tuple[str, ...], ...] = (("Bitcoin", "64,321.5"),), **fields: Any
) -> Collected:
    """What came in: five resources."""
    counts = {"inventory.CloudService": 5, "inventory.Region": 1}
    given = {
        "verdict": Verdict(JOB, failures, counts, {"created": 5}),
        "by_type": {"p/g/t": 5},
        "columns": ("Name", "Price"),
        "rows": rows,
        "preview": None,
    }
    return Collected(**{**given, **fields})


def report(*failures: str, actions: tuple[Action, ...] = (), **fields: Any) -> Report:
    """A release of `portfolio` 0.1.0 to `sandbox`, which found its image built, and collected."""
    given: dict[str, Any] = {
        "flow": "release",
        "environment": "sandbox",
        "generation": "2.x",
        "plugin_id": "portfolio",
        "version": "0.1.0",
        "collector_id": "collector-1",
        "seconds": 1.25,
        "planned": planned(actions),
        "registered": Registered({}, {}),
        "collected": collected(*failures),
    }
    return Report(**{**given, **fields})
