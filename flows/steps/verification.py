"""Verifying: whether the image that a collector uses is the one that was released. Nothing is changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.images.attestation.store import STATEMENT_TYPE, Store
from flows.images.errors import SourceError
from flows.images.labels import SOURCE_DIGEST
from flows.images.reference import ImageReference
from flows.images.source.plugin_source import PluginSource
from flows.manifest import Environment, Manifest
from flows.resources import Target, declared_resources, find, released
from flows.steps.attesting import verifying_key
from flows.steps.catalogue import FIND_PLUGIN, VERIFY
from flows.steps.collection import find_collector
from flows.steps.comparison import Check
from flows.steps.errors import NotReleased
from flows.steps.runner import Runner, Step
from flows.steps.session import Session, open_session, placement_of

if TYPE_CHECKING:
    from flows.images.attestation.statement import Provenance
    from flows.images.attestation.store import Documents
    from flows.images.registry import Registry, RemoteImage

SCHEMA = "verification/1"


@dataclass(frozen=True)
class Verification:
    """The result.

    Attributes:
        environment: Its name.
        plugin_id: The plugin on the platform.
        reference: The image that the platform uses.
        digest: Under which the registry holds it; None if it does not.
        checks: In their order. A check that needs what an earlier one did not find is left out.
    """

    environment: str
    plugin_id: str
    reference: ImageReference
    digest: str | None
    checks: tuple[Check, ...]

    @property
    def success(self) -> bool:
        """Whether no check failed."""
        return all(check.passed is not False for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """One document of the schema `verification/1`."""
        return {
            "schema": SCHEMA,
            "environment": self.environment,
            "plugin_id": self.plugin_id,
            "image": str(self.reference),
            "digest": self.digest,
            "success": self.success,
            "checks": [check.as_json() for check in self.checks],
        }


@dataclass(frozen=True)
class Used:
    """What the platform uses: the plugin's record, its id there, and the version."""

    plugin: dict[str, Any]
    plugin_id: str
    version: str


def verify(
    environment: Environment, manifest: Manifest, source: Path, runner: Runner, *, version: str | None = None
) -> Verification:
    """Compares the image that the platform uses with its documents and with the source.

    Args:
        environment: The environment of the plugin.
        manifest: The manifest that declares it.
        source: The folder of its source; it is compared if it has the same version.
        runner: Runs the steps.
        version: The version to verify; None for the one that the collector uses. Of a plugin that has no collector,
            it is the one that was released last.

    Raises:
        NotReleased: the plugin is not registered, or there is no collector and no version.
        PipelineError: something cannot be read.
    """
    key = verifying_key(environment)
    with open_session(environment, runner) as session, session.registry() as registry:
        used = find_used(session, manifest, runner, version)
        placement = placement_of(session, manifest, registry.address)
        held = placement.repository_of(str(used.plugin.get("image", "")))
        reference = ImageReference(registry.address, held, used.version)

        def compared() -> Verification:
            image = registry.image(reference.repository, used.version)
            checks = tuple(_checks(registry, reference, image, used, source, key))
            return Verification(
                environment.name, used.plugin_id, reference, image.digest if image else None, checks
            )

        return runner.run(Step(VERIFY, compared, outcome=_summary))


def find_used(session: Session, manifest: Manifest, runner: Runner, version: str | None = None) -> Used:
    """The plugin on the platform, and the version that its collector uses, or that was released last.

    Args:
        session: The environment's services.
        manifest: Declares the plugin.
        runner: Runs the steps.
        version: Another version; None for that one.

    Raises:
        NotReleased: the plugin is not registered, or there is no collector and no version.
    """
    if version is None and manifest.collects:
        collector, _ = find_collector(session, manifest, runner)
        version = str(collector["plugin_info"].get("version", ""))
    declared = declared_resources(session.generation, manifest, Target(version=version or ""))
    plugin = next(resource for resource in declared if resource.kind == "plugin")
    found = runner.run(Step(FIND_PLUGIN, partial(find, session.clients[plugin.scope], plugin, {})))
    if not found:
        raise NotReleased(
            f"There is no plugin {plugin.name!r} in {session.environment.name}",
            f"Release it first: pluginctl release {session.environment.name}",
        )
    if version is None and not (before := list(released(found[0]))):
        raise NotReleased(
            f"The platform has no record of a release of the plugin {plugin.name!r} in {session.environment.name}",
            "Name the version to verify: --version",
        )
    return Used(found[0], plugin.name, version or before[-1])


def _checks(
    registry: Registry,
    reference: ImageReference,
    image: RemoteImage | None,
    used: Used,
    source: Path,
    key: Any,
) -> Iterator[Check]:
    if image is None:
        yield Check("image", False, f"the registry holds no {reference}")
        return
    yield Check("image", True, image.digest)
    yield pinned(used.plugin, used.version, image.digest)
    label = image.labels.get(SOURCE_DIGEST, "")
    try:
        documents = Store(registry, reference).read(image.digest)
        provenance = _provenance(documents)
    except ValueError as error:
        yield Check("provenance", False, f"the document {error}")
        return
    if provenance is None:
        yield Check("provenance", False, "there is none for this digest")
    else:
        yield _subject(provenance, reference, image.digest)
        yield _signature(documents, key)
        yield _label(provenance, label, used.version)
    yield _bill(documents, provenance)
    yield _local(source, used.version, label)


def pinned(plugin: dict[str, Any], version: str, digest: str) -> Check:
    """Compares the digest with the one that the release kept with the plugin on the platform.

    Args:
        plugin: The plugin's record on the platform.
        version: The version.
        digest: What the registry holds.
    """
    before = released(plugin).get(version)
    if before is None:
        return Check("release", False, f"the platform has no record of the release of {version}")
    if before.digest != digest:
        return Check("release", False, f"{version} was released as {before.digest}")
    return Check("release", True, f"is what was released as {version}")


def _provenance(documents: Documents) -> Provenance | None:
    from flows.images.attestation.statement import Provenance

    return None if documents.statement is None else Provenance.parse(documents.statement)


def _subject(provenance: Provenance, reference: ImageReference, digest: str) -> Check:
    if provenance.subjects.get(reference.name) == digest:
        return Check("provenance", True, f"is about {reference.name}@{digest}")
    found = ", ".join(f"{name}@{of}" for name, of in provenance.subjects.items()) or "nothing"
    return Check("provenance", False, f"is about {found}")


def _signature(documents: Documents, key: Any) -> Check:
    if key is None:
        signed = "signed" if documents.signatures else "not signed"
        return Check(
            "signature", None, f"{signed}; not verified, because the environment has no signing.public_key"
        )
    from flows.images.attestation.envelope import is_signed_by, key_id

    if not documents.signatures or documents.statement is None:
        return Check("signature", False, "the provenance is not signed")
    if is_signed_by(documents.statement, STATEMENT_TYPE, list(documents.signatures), key):
        return Check("signature", True, f"made with the key {key_id(key)[:12]}")
    return Check("signature", False, f"not made with the key {key_id(key)[:12]} of the environment")


def _label(provenance: Provenance, label: str, version: str) -> Check:
    if provenance.version != version:
        return Check("source", False, f"the provenance is that of version {provenance.version}")
    if provenance.source_digest == label and label:
        return Check("source", True, label)
    return Check(
        "source", False, f"the image says {label or 'nothing'}, its provenance {provenance.source_digest}"
    )


def _bill(documents: Documents, provenance: Provenance | None) -> Check:
    if documents.bill is None:
        return Check("bill of materials", False, "there is none for this digest")
    digest = f"sha256:{hashlib.sha256(documents.bill).hexdigest()}"
    if provenance is not None and provenance.bill != digest:
        return Check("bill of materials", False, f"is {digest}, but the provenance names {provenance.bill}")
    return Check("bill of materials", True, digest)


def _local(source: Path, version: str, label: str) -> Check:
    try:
        plugin = PluginSource.load(source)
        same = bool(label) and plugin.is_source_of(label)
    except SourceError:
        return Check("source here", None, f"not compared: {source} is no plugin source")
    if plugin.version != version:
        return Check("source here", None, f"not compared: it has version {plugin.version}")
    if same:
        return Check("source here", True, f"{source} is what the image was built from")
    return Check("source here", False, f"{source} has the same version, but is {plugin.digest}")


def _summary(verification: Verification) -> str:
    failed = [check.name for check in verification.checks if check.passed is False]
    return f"failed: {', '.join(failed)}" if failed else f"{verification.reference}, {verification.digest}"
