"""Where an image's documents are kept: in a repository beside the plugin's, under tags made of the image's digest.

SpaceONE takes every tag of a plugin's repository for a version, and `repository.Plugin.get_versions` fails with
ERROR_NO_PLUGIN if one cannot be sorted, such as the fallback tag `sha256-…` of OCI's referrers. So nothing is stored
there.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.images.errors import UnexpectedAnswer
from flows.images.labels import CREATED, TITLE
from flows.images.reference import DOCKER_HUB, ImageReference
from flows.images.registry.artifacts import BESIDE
from flows.images.registry.transport import Content

if TYPE_CHECKING:
    from datetime import datetime

    from flows.images.registry.artifacts import Artifacts
    from flows.images.registry.client import Registry

STATEMENT_TYPE = "application/vnd.in-toto+json"
ENVELOPE_TYPE = "application/vnd.dsse.envelope.v1+json"

SBOM, PROVENANCE = "sbom", "provenance"


def beside(reference: ImageReference) -> ImageReference:
    """Return the repository for the documents of an image.

    Raises:
        InvalidReference: the name is too long for a registry.
    """
    return dataclasses.replace(reference, repository=f"{reference.repository}{BESIDE}", tag=None)


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of one image.

    Attributes:
        bill: The bill of materials; None if there is none.
        statement: The provenance as an in-toto statement; None if there is none.
        signatures: Its signatures, not verified; empty if it is not signed.
    """

    bill: bytes | None
    statement: bytes | None
    signatures: tuple[bytes, ...] = ()


class Store:
    """The documents of the images of one plugin."""

    def __init__(self, registry: Registry, reference: ImageReference) -> None:
        self.repository = beside(reference)
        self._images: Artifacts = registry.artifacts(reference.repository)
        self._documents: Artifacts = registry.artifacts(self.repository.repository)

    def missing(self, digest: str) -> tuple[str, ...]:
        """Return which documents of an image are not there: one request without a body for each.

        Raises:
            RegistryError: the registry cannot be read.
        """
        return tuple(
            kind for kind in (SBOM, PROVENANCE) if self._documents.describe(_tag(digest, kind)) is None
        )

    def write(
        self, reference: ImageReference, digest: str, bill: Content, provenance: Content, created: datetime
    ) -> bool:
        """Store both documents of an image; what is there already is not written again.

        Args:
            reference: The image's name.
            digest: Its digest in the registry.
            bill: The bill of materials.
            provenance: The statement, or its envelope.
            created: The time of the source.

        Returns:
            Whether anything was written.

        Raises:
            RegistryError: the registry cannot be read or written, or refuses.
        """
        subject = self._images.describe(digest)
        if subject is None:
            raise UnexpectedAnswer(reference.registry or DOCKER_HUB, f"does not hold {reference} ({digest})")
        annotations = {CREATED: created.strftime("%Y-%m-%dT%H:%M:%SZ"), TITLE: str(reference)}
        written = [
            self._documents.store(_tag(digest, kind), content, subject, annotations)
            for kind, content in ((SBOM, bill), (PROVENANCE, provenance))
        ]
        return any(written)

    def read(self, digest: str) -> Documents:
        """Return the documents of an image.

        Raises:
            RegistryError: the registry cannot be read.
            ValueError: the provenance is not an envelope or a statement.
        """
        from flows.images.attestation.envelope import payload_of  # a release does not come here

        bill = self._documents.read(_tag(digest, SBOM))
        provenance = self._documents.read(_tag(digest, PROVENANCE))
        statement, signatures = provenance.data if provenance else None, list[bytes]()
        if provenance and provenance.type == ENVELOPE_TYPE:
            statement, signatures = payload_of(provenance.data, STATEMENT_TYPE)
        return Documents(bill.data if bill else None, statement, tuple(signatures))


def _tag(digest: str, kind: str) -> str:
    return f"{digest.replace(':', '-')}.{kind}"
