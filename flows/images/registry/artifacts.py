"""Documents in a repository of a registry: OCI artifacts of one file each, read and written.

https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from flows.images.errors import RegistryRefused, UnexpectedAnswer
from flows.images.reference import check_tag
from flows.images.registry.manifests import ACCEPT, verify
from flows.images.registry.transport import Content, FileContent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.images.registry.http import Response
    from flows.images.registry.transport import Transport

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
BESIDE = "_attestations"
"""How the name of a repository for the documents of images ends.

No plugin has such a name: SpaceONE refuses `_`. Docker Hub allows it, and not `.`.
"""
_EMPTY = Content("application/vnd.oci.empty.v1+json", b"{}")
_JSON = "application/json"
_BYTES = "application/octet-stream"
_DIGEST = re.compile("sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a manifest refers to: media type, digest (`sha256:<hex>`) and size in bytes."""

    type: str
    digest: str
    size: int

    @classmethod
    def of(cls, content: Content) -> Descriptor:
        """Describe some bytes."""
        return cls(content.type, _digest(content.data), len(content.data))

    def as_json(self) -> dict[str, Any]:
        """As in a manifest."""
        return {"mediaType": self.type, "digest": self.digest, "size": self.size}


class Artifacts:
    """One repository of a registry. Every method raises RegistryError.

    Args:
        transport: The connections to the registry.
        scope: The repository's path, such as `/v2/team/plugin`.
    """

    def __init__(self, transport: Transport, scope: str) -> None:
        self._transport = transport
        self._scope = scope
        self.repository = scope.removeprefix("/v2/")
        self._pushes = f"repository:{self.repository}:pull,push"

    def describe(self, tag: str) -> Descriptor | None:
        """Return what a tag (or a digest) names, in one request without a body; None if it is not there."""
        path = f"manifests/{tag if _DIGEST.fullmatch(tag) else check_tag(tag)}"
        response = self._read("HEAD", path, ACCEPT)
        if response is None:
            return None
        digest, size = response.header("Docker-Content-Digest"), response.header("Content-Length")
        if not digest or not size.isdecimal():  # both are optional
            response = self._read("GET", path, ACCEPT) or response
            digest, size = _digest(response.content), str(len(response.content))
        kind = response.header("Content-Type").partition(";")[0].strip()
        return Descriptor(kind, digest, int(size))

    def tags(self) -> list[str]:
        """Return the repository's tags, as SpaceONE lists them: the first page."""
        response = self._read("GET", "tags/list", _JSON)
        if response is None:
            return []
        found = self._transport.object(response).get("tags")
        return [str(tag) for tag in found] if isinstance(found, list) else []

    def read(self, tag: str) -> Content | None:
        """Return the file of an artifact; None if there is no such tag.

        Raises:
            UnexpectedAnswer: the tag is not that of an artifact of one file, or the file has another digest.
        """
        name = self._transport.name
        response = self._read("GET", f"manifests/{check_tag(tag)}", ACCEPT)
        if response is None:
            return None
        manifest = self._transport.object(response)
        verify(response.content, response.header("Docker-Content-Digest"), name)
        try:
            (layer,) = manifest["layers"]
            kind, digest = str(layer["mediaType"]), str(layer["digest"])
        except (KeyError, TypeError, ValueError):
            kind = digest = ""
        if not _DIGEST.fullmatch(digest):
            raise UnexpectedAnswer(name, f"holds something other than a document as {self.repository}:{tag}")
        blob = self._read("GET", f"blobs/{digest}", "*/*")
        if blob is None:
            raise UnexpectedAnswer(name, f"has lost the document {self.repository}:{tag}")
        verify(blob.content, digest, name)
        return Content(kind, blob.content)

    def store(self, tag: str, content: Content, subject: Descriptor, annotations: Mapping[str, str]) -> bool:
        """Store a file as an artifact.

        Args:
            tag: The name that it gets.
            content: The file; its type is also that of the artifact.
            subject: What it is about.
            annotations: Of its manifest.

        Returns:
            Whether anything was written: False if the tag points to these bytes already.

        Raises:
            RegistryRefused: the user may not push, or the registry does not accept artifacts.
        """
        manifest = _manifest(content, subject, annotations)
        held = self.describe(tag)
        if held and held.digest == _digest(manifest):
            return False
        for blob in (_EMPTY, content):
            self.upload(blob)
        self.put(tag, Content(MANIFEST_TYPE, manifest))
        return True

    def put(self, tag: str, manifest: Content) -> None:
        """Store a manifest or an index under a tag, or under its own digest.

        Raises:
            RegistryRefused: the user may not push, or the registry does not accept it.
        """
        name = tag if _DIGEST.fullmatch(tag) else check_tag(tag)
        self._write("PUT", f"{self._scope}/manifests/{name}", manifest)

    def upload(self, content: Content | FileContent) -> bool:
        """Store a blob; return whether it was not there yet.

        Raises:
            RegistryRefused: the user may not push.
        """
        digest = _digest(content.data) if isinstance(content, Content) else content.digest
        if self._read("HEAD", f"blobs/{digest}", "*/*") is not None:
            return False
        begun = self._write("POST", f"{self._scope}/blobs/uploads/", None)
        where = begun.header("Location")
        if not where:
            raise UnexpectedAnswer(self._transport.name, "began an upload without saying where it continues")
        path = self._transport.path_of(urljoin(begun.url, where))
        body = replace(content, type=_BYTES)
        self._write("PUT", f"{path}{'&' if '?' in path else '?'}digest={digest}", body)
        return True

    def _write(self, method: str, path: str, content: Content | FileContent | None) -> Response:
        response = self._transport.send(
            method, path, accept=_JSON, token_scope=self._pushes, content=content or Content(_BYTES, b"")
        )
        if response.status not in {HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT}:
            beside = self.repository.endswith(BESIDE)
            without = ", or set `attestations: false` in the environment" if beside else ""
            raise RegistryRefused(
                self._transport.name,
                f"does not accept {self.repository} ({self._transport.words(response)})",
                f"Create the repository {self.repository}{without}",
            )
        return response

    def _read(self, method: str, path: str, accept: str) -> Response | None:
        """Return the answer, or None for a 404, also where a registry does not tell that a repository is absent."""
        try:
            response = self._transport.send(method, f"{self._scope}/{path}", accept=accept, scope=self._scope)
        except RegistryRefused as refused:
            if refused.maybe_absent:
                return None
            raise
        if response.status == HTTPStatus.NOT_FOUND:
            return None
        self._transport.expect_ok(response)
        return response


def _manifest(content: Content, subject: Descriptor, annotations: Mapping[str, str]) -> bytes:
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": content.type,
        "config": Descriptor.of(_EMPTY).as_json(),
        "layers": [Descriptor.of(content).as_json()],
        "subject": subject.as_json(),
        "annotations": dict(annotations),
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
