"""The versions that were released into an environment, from the platform's own record."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from flows.manifest import Environment, Manifest
from flows.resources import released
from flows.steps.catalogue import LIST_RELEASES
from flows.steps.runner import Runner, Step
from flows.steps.session import open_session, placement_of
from flows.steps.verification import find_used

SCHEMA = "history/1"
"""The value of `schema` in the JSON. A change that breaks readers increases its number."""


@dataclass(frozen=True)
class ReleasedVersion:
    """One version.

    Attributes:
        version: Its number.
        at: When it was first released, `2026-11-26T10:30:00Z`; empty if that is not known.
        by: What released it; empty if that is not known.
        digest: The image that was released.
        source_digest: The source that it was built from.
        in_registry: Whether the registry still has this image under this version.
        in_use: Whether the collector runs it.
    """

    version: str
    at: str
    by: str
    digest: str
    source_digest: str
    in_registry: bool
    in_use: bool


@dataclass(frozen=True)
class Releases:
    """All of them, the newest first.

    Attributes:
        environment: Its name.
        plugin_id: The plugin on the platform.
        versions: The versions.
    """

    environment: str
    plugin_id: str
    versions: tuple[ReleasedVersion, ...]

    def as_json(self) -> dict[str, Any]:
        """One document of the schema `history/1`."""
        return {
            "schema": SCHEMA,
            "environment": self.environment,
            "plugin_id": self.plugin_id,
            "versions": [dataclasses.asdict(each) for each in self.versions],
        }


def list_releases(environment: Environment, manifest: Manifest, runner: Runner) -> Releases:
    """Lists what was released.

    Args:
        environment: Where.
        manifest: Declares the plugin.
        runner: Runs the steps.

    Raises:
        NotReleased: there is no such plugin, or no such collector.
        PipelineError: something cannot be read.
    """
    with open_session(environment, runner) as session, session.registry() as registry:
        used = find_used(session, manifest, runner)
        placement = placement_of(session, manifest, registry.address)
        repository = placement.repository_of(str(used.plugin.get("image", "")))

        def read() -> Releases:
            versions = [
                ReleasedVersion(
                    version,
                    each.at,
                    each.by,
                    each.digest,
                    each.source_digest,
                    registry.manifest_digest(repository, version) == each.digest,
                    manifest.collects and version == used.version,
                )
                for version, each in reversed(released(used.plugin).items())
            ]
            return Releases(environment.name, used.plugin_id, tuple(versions))

        return runner.run(Step(LIST_RELEASES, read, outcome=lambda found: f"{len(found.versions)} versions"))
