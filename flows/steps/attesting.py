"""The documents of an image: bill of materials, provenance and signature, made after its build and stored beside it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.files import KIB, read_named
from flows.hidden import hide
from flows.images.attestation.store import ENVELOPE_TYPE, PROVENANCE, STATEMENT_TYPE, Store, beside
from flows.images.errors import (
    EngineError,
    PackagesUnreadable,
    RegistryRefused,
    SigningKeyError,
    SourceError,
)
from flows.images.registry.transport import Content
from flows.images.source.dockerfile import SCRATCH
from flows.images.state import ImageStatus
from flows.pipeline import pipeline_version
from flows.steps.catalogue import ATTEST, LIST_PACKAGES
from flows.steps.images import build_image
from flows.steps.parts import Attested, Planned
from flows.steps.runner import Runner, Step
from flows.steps.several import local_name

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    from flows.images.attestation.packages import Contents
    from flows.images.engine.client import Engine
    from flows.images.engine.local import LocalImage
    from flows.images.reference import ImageReference
    from flows.images.registry.client import Registry
    from flows.images.state import ImageState
    from flows.manifest import Environment
    from flows.steps.changes import Changes

_MAX_KEY = 64 * KIB
_NOT_OURS = "nothing: this engine did not build what the registry holds"


def signing_key(environment: Environment) -> Ed25519PrivateKey | None:
    """The environment's private key; None if it names none.

    Raises:
        SigningKeyError: its variable is not set or contains no key, or the public key is another one's.
    """
    signing = environment.settings.signing
    name = signing.key_variable
    if name is None:
        return None
    from flows.images.attestation.envelope import key_id, private_key

    value = os.environ.get(name)
    if not value:
        raise SigningKeyError(
            f"The environment {environment.name!r} signs with the key in {name}, which is not set",
            "Set it to a private key in PEM or to the path of its file, or remove signing.key_variable",
        )
    pem = value.encode() if value.startswith("-----BEGIN") else _read(Path(value), name)
    key = private_key(hide(pem.decode(errors="replace")).encode(), name)
    public = verifying_key(environment)
    if public is not None and key_id(public) != key_id(key.public_key()):
        raise SigningKeyError(
            f"signing.public_key of the environment {environment.name!r} does not belong to the key in {name}",
            "Make the file again with `openssl pkey -in KEY -pubout`",
        )
    return key


def verifying_key(environment: Environment) -> Ed25519PublicKey | None:
    """The environment's public key; None if it names none.

    Raises:
        SigningKeyError: its file cannot be read or contains no key.
    """
    path = environment.settings.signing.public_key
    if path is None:
        return None
    from flows.images.attestation.envelope import public_key

    return public_key(_read(Path(path), "signing.public_key"), path)


def _read(path: Path, name: str) -> bytes:
    try:
        return read_named(path, _MAX_KEY)
    except OSError:
        # The value is not shown: it may be a key in another form.
        raise SigningKeyError(
            f"{name} is neither a key in PEM nor the path of a file that can be read", "Correct it"
        ) from None


def documents_of(
    registry: Registry, state: ImageState, environment: Environment
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which documents of an image are missing, and what a plan should say about it.

    It only reads: one request without a body for each document.

    Raises:
        RegistryError: the registry cannot be read.
    """
    notes: list[str] = []
    missing: tuple[str, ...] = ()
    if environment.settings.attestations and state.status is ImageStatus.SAME and state.digest:
        try:
            missing = Store(registry, state.reference).missing(state.digest)
        except RegistryRefused as error:
            notes.append(f"Whether it has a bill of materials and provenance is not known: {error.message}.")
    if missing:
        notes.append(f"It has no {' and no '.join(missing)}: they are added if this engine has the image.")
    if environment.settings.attestations and state.status is ImageStatus.ABSENT:
        notes += _unsigned_notes(environment)
    return missing, tuple(notes)


def _unsigned_notes(environment: Environment) -> list[str]:
    if environment.settings.signing.key_variable is not None:
        return []
    return ["Its provenance will not be signed: the environment has no signing.key_variable."]


@dataclass(frozen=True)
class Attestor:
    """Makes and stores the documents of a planned image.

    Attributes:
        planned: What is released.
        registry: The environment's registry.
        environment: The environment, with its key.
        runner: Runs the steps.
        changes: Is told of what is written.
    """

    planned: Planned
    registry: Registry
    environment: Environment
    runner: Runner
    changes: Changes

    @property
    def repository(self) -> ImageReference:
        """Where the documents are stored."""
        return beside(self.planned.image.reference)

    def list_packages(self, engine: Callable[[], Engine], *images: LocalImage) -> Contents:
        """Read the packages of a built image; of several, those that any of them has.

        Raises:
            PackagesUnreadable: they cannot be listed.
            EngineError: the engine cannot give the image's files.
        """
        return self.runner.run(Step(LIST_PACKAGES, lambda: self._packages(engine(), *images), outcome=str))

    def attest(
        self,
        engine: Callable[[], Engine],
        contents: Contents,
        digest: str,
        images: Mapping[str, LocalImage] | None = None,
    ) -> Attested | None:
        """Store bill of materials and provenance of a pushed image.

        Args:
            engine: The engine that built it.
            contents: Its packages.
            digest: Its digest in the registry.
            images: By platform, if it is an index.

        Returns:
            None if the registry holds an image that somebody else pushed meanwhile: nothing is said about that one.

        Raises:
            RegistryError: the registry cannot be read or written.
        """

        def write() -> Attested | str:
            if not self._is_ours(engine(), digest, images):
                return _NOT_OURS
            return self._write(engine(), contents, digest)

        return self._run(write)

    def complete(self, engine: Callable[[], Engine]) -> Attested | None:
        """Store the documents that a release did not, because it ended between its push and them.

        Only an image that this engine has is completed, and only if a build of this source gives the same image.
        Otherwise provenance would be claimed for an image that somebody else pushed.

        Returns:
            None if it cannot be completed. That is no error: such a release worked before there were documents.

        Raises:
            SigningKeyError: the environment's key cannot be used.
            RegistryError: the registry cannot be read or written.
        """
        image = self.planned.image
        reference, digest = image.reference, image.digest or ""

        def rebuilt() -> Contents | None:
            if self.environment.settings.build.platforms or len(image.platforms) > 1:
                return self._rebuilt_index(engine())
            found = engine().find(reference)
            if found is None or not found.is_held_as(digest):
                return None
            built = build_image(engine(), self.planned, self.environment, self.runner)
            return self._packages(engine(), found) if built == found.id else None

        def write() -> Attested | str:
            if PROVENANCE not in self.planned.missing:
                return "nothing: there is provenance, and it is not replaced"
            try:
                contents = rebuilt()
            except (EngineError, SourceError, PackagesUnreadable) as error:
                return f"nothing: {error.message}"
            return _NOT_OURS if contents is None else self._write(engine(), contents, digest)

        return self._run(write)

    def _rebuilt_index(self, engine: Engine) -> Contents | None:
        """The packages of an index whose images this source gives again; None if it does not."""
        state = self.planned.image
        images = []
        for platform, config in state.platforms.items():
            name = local_name(state.reference, platform)
            if engine.find(name) is None:  # another engine built it
                return None
            built = build_image(engine, self.planned, self.environment, self.runner, name, platform)
            if built != config:
                return None
            images.append(engine.inspect(name))
        return self._packages(engine, *images)

    def _is_ours(self, engine: Engine, digest: str, images: Mapping[str, LocalImage] | None) -> bool:
        reference = self.planned.image.reference
        if images is None:
            return engine.inspect(reference).is_held_as(digest)
        # The images' ids are the digests of their configurations, which the registry names by the index's digest.
        held = self.registry.image(reference.repository, reference.require_tag())
        ids = {platform: image.id for platform, image in images.items()}
        return held is not None and held.digest == digest and dict(held.platforms) == ids

    def _run(self, write: Callable[[], Attested | str]) -> Attested | None:
        """Run the step; a text says why nothing was written."""
        done = self.runner.run(
            Step(ATTEST, write, outcome=lambda done: done if isinstance(done, str) else done.summary())
        )
        return done if isinstance(done, Attested) else None

    def _packages(self, engine: Engine, *images: LocalImage) -> Contents:
        from flows.images.attestation.packages import Contents, read_packages

        found = []
        for image in images:
            with engine.files(image) as pieces:
                found.append(read_packages(pieces, str(image.reference)))
        if len(found) == 1:
            return found[0]
        packages = {package for contents in found for package in contents.packages}
        return Contents(found[0].release, tuple(sorted(packages)))

    def _manifests(self, digest: str) -> Mapping[str, str]:
        """The digests of an index's images by platform; none of an image."""
        if not self.environment.settings.build.platforms and len(self.planned.image.platforms) < 2:
            return {}
        reference = self.planned.image.reference
        held = self.registry.image(reference.repository, reference.require_tag())
        return held.manifests if held and held.digest == digest else {}

    def _write(self, engine: Engine, contents: Contents, digest: str) -> Attested:
        from flows.images.attestation.bill import bill_of_materials
        from flows.images.attestation.envelope import key_id, sign
        from flows.images.attestation.statement import Build

        source, reference = self.planned.source.plugin, self.planned.image.reference
        builder = pipeline_version()
        bill = bill_of_materials(reference, digest, contents, created=source.created, builder=builder)
        base = self.planned.source.base
        build = Build(
            name=reference.name,
            digest=digest,
            version=source.version,
            source_digest=source.digest,
            url=source.url,
            revision=source.revision,
            environment=self.environment.name,
            arguments=tuple(self.environment.settings.build.args),
            base=base,
            base_digest=None if base == SCRATCH else engine.digest(base),
            bill=f"sha256:{hashlib.sha256(bill.data).hexdigest()}",
            bill_type=bill.type,
            builder=builder,
            platforms=self._manifests(digest),
        )
        statement = Content(STATEMENT_TYPE, build.statement())
        if (key := signing_key(self.environment)) is not None:
            statement = Content(ENVELOPE_TYPE, sign(statement.data, STATEMENT_TYPE, key))
        self.changes.note()  # before the first write: an error may come after it
        Store(self.registry, reference).write(reference, digest, bill, statement, source.created)
        signer = key_id(key.public_key()) if key else None
        return Attested(str(self.repository), len(contents.packages), signer)
