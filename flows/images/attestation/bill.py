"""The bill of materials (SBOM) of an image, in CycloneDX."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flows.images.registry.transport import Content

if TYPE_CHECKING:
    from datetime import datetime

    from cyclonedx.model.component import Component

    from flows.images.attestation.packages import Contents, Package
    from flows.images.reference import ImageReference

BILL_TYPE = "application/vnd.cyclonedx+json"
PATH = "io.spaceone.pipeline:path"
"""The property with the place of a Python package's metadata in the image."""


def bill_of_materials(
    reference: ImageReference, digest: str, contents: Contents, *, created: datetime, builder: str
) -> Content:
    """Return the bill of materials of an image. The same arguments give the same bytes.

    Args:
        reference: The image.
        digest: Of its manifest, `sha256:<hex>`.
        contents: Its packages.
        created: The time of the source, which is the document's time.
        builder: The pipeline's version.
    """
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.tool import ToolRepository
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

    where = {"repository_url": reference.name, "tag": reference.require_tag()}
    image = Component(
        name=reference.name,
        version=reference.require_tag(),
        type=ComponentType.CONTAINER,
        bom_ref=digest,
        purl=PackageURL("oci", None, reference.last_part, digest, where),
    )
    pipeline = Component(name="spaceone-plugin-pipeline", version=builder, type=ComponentType.APPLICATION)
    bom = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"{reference.name}@{digest}"),
        metadata=BomMetaData(timestamp=created, component=image, tools=ToolRepository(components=[pipeline])),
        components=_components(contents),
    )
    bom.register_dependency(image, bom.components)
    return Content(BILL_TYPE, JsonV1Dot6(bom).output_as_string(indent=1).encode())


def _components(contents: Contents) -> list[Component]:
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    paths: dict[str, tuple[Package, list[str]]] = {}
    for package in contents.packages:
        purl = _purl(package, contents)
        paths.setdefault(purl, (package, []))[1].extend(filter(None, [package.path]))
    return [
        Component(
            name=package.name,
            version=package.version,
            type=ComponentType.LIBRARY,
            bom_ref=purl,
            purl=PackageURL.from_string(purl),
            properties=[Property(name=PATH, value=path) for path in found],
        )
        for purl, (package, found) in paths.items()
    ]


def _purl(package: Package, contents: Contents) -> str:
    """https://github.com/package-url/purl-spec/blob/main/PURL-TYPES.rst."""
    from packageurl import PackageURL

    if package.kind == "pypi":
        return PackageURL("pypi", None, package.name, package.version).to_string()
    name = contents.release.get("ID") or {"deb": "debian", "apk": "alpine"}[package.kind]
    version = contents.release.get("VERSION_ID")
    qualifiers = {
        key: value
        for key, value in (("arch", package.architecture), ("distro", version and f"{name}-{version}"))
        if value
    }
    return PackageURL(package.kind, name, package.name, package.version, qualifiers).to_string()
