"""Releasing: a plugin's source becomes collected resources."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from flows.images.errors import SourceError
from flows.images.source.context import VERSION_FILE
from flows.images.versions import Part, bumped
from flows.manifest import Environment, Manifest, Secrets
from flows.steps.agreed import AgreedPlan
from flows.steps.changes import Changes
from flows.steps.delivery import deliver, read_source
from flows.steps.errors import PlanBlocked
from flows.steps.planning import plan
from flows.steps.plugin_containers import RunningPlugin
from flows.steps.registration import record_release, register
from flows.steps.report import Report
from flows.steps.runner import Runner
from flows.steps.session import open_session
from flows.steps.subject import Subject


@dataclass(frozen=True)
class ReleaseRequest:
    """What to release, and into which environment.

    Attributes:
        environment: The environment, as read from its file.
        source: The plugin source's folder.
        manifest: The manifest's folder.
        dry_run: Whether to stop after the plan.
        publish_only: Whether to stop when the plugin is registered, with what it needs to be listed: no project,
            service account or collector, and no collection.
        parameters: Fields that override the manifest's, each `KIND.FIELD=VALUE`; they may hold secrets.
        secrets: Where secret values come from.
        version: The version to release, in the place of the one in src/VERSION; the file is not changed.
        agreed: The plan that somebody has agreed to; the release stops if it would do something else. None to release
            whatever is planned.
        bump: Which number of the version in src/VERSION to raise. The file gets the new version as soon as the registry
            has the image: a release that failed before can be started again with the same version.
    """

    environment: Environment
    source: Path
    manifest: Path
    dry_run: bool = False
    publish_only: bool = False
    parameters: tuple[str, ...] = field(default=(), repr=False)
    secrets: Secrets = field(default=Secrets(), repr=False)
    version: str | None = None
    bump: Part | None = None
    agreed: AgreedPlan | None = None

    def choose(self, written: str) -> str:
        """The version to release, for the one in src/VERSION.

        Raises:
            SourceError: it cannot be raised.
        """
        if self.bump is None:
            return self.version or written
        try:
            return bumped(written, self.bump)
        except ValueError as error:
            raise SourceError(
                self.source / VERSION_FILE, f"cannot be raised: {error}", "Write one such as 0.1.0 into it"
            ) from error


def release(request: ReleaseRequest, runner: Runner) -> Report:
    """Plans a release, carries it out, collects and judges.

    Args:
        request: What to release, and where.
        runner: Runs the steps and receives the results.

    Returns:
        The report. It contains a failed verdict, and the blocked actions of a dry run, which raise no exception.

    Raises:
        PipelineError: the release stopped; `changed` says whether something was changed before.
    """
    started, changes = time.perf_counter(), Changes()
    with changes.mark_errors():
        manifest = Manifest.load(request.manifest, request.parameters, request.secrets)
        subject = Subject("release", request.environment.name, manifest.plugin.id, dry_run=request.dry_run)
        runner.about(subject)
        source = read_source(request.source, request.environment, runner, request.choose)
        runner.about(replace(subject, version=source.plugin.version))
        with open_session(request.environment, runner) as session, session.registry() as registry:
            planned = plan(session, registry, source, manifest, runner, publish_only=request.publish_only)
            delivered = attested = registered = collected = None
            if planned.plan.blocked and not request.dry_run:
                raise PlanBlocked(planned.plan.blocked)
            if request.agreed:
                request.agreed.require(request.environment.name, planned)
            if not request.dry_run:
                delivered, attested = deliver(planned, registry, session.environment, runner, changes)
                if request.bump:
                    source.plugin.write_version()
                took = delivered.trial.seconds if delivered else 0.0
                plugin = RunningPlugin.of(manifest, planned.plan.action("plugin").name, source.plugin.version)
                registered = register(session, planned.plan, runner, changes, plugin, took)
                digest = delivered.digest if delivered else planned.image.digest
                if digest:  # always: an image that is not there was delivered
                    record_release(session, planned, digest, registered.ids, runner, changes)
            collector_id = planned.collector_id(registered)
            if registered and collector_id:
                from flows.steps.collection import collect  # a dry run does not come here
                from flows.steps.credentials import verify_secrets

                verify_secrets(session, manifest, planned, registered, runner)
                collected = collect(session, collector_id, plugin, runner, changes)
    report = Report(
        flow="release",
        environment=request.environment.name,
        generation=str(session.generation),
        plugin_id=planned.plan.action("plugin").name,
        version=source.plugin.version,
        collector_id=collector_id,
        seconds=time.perf_counter() - started,
        dry_run=request.dry_run,
        planned=planned,
        delivered=delivered,
        attested=attested,
        registered=registered,
        collected=collected,
    )
    runner.finished(report)
    return report
