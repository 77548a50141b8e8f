"""A client of the distribution API: reads images, and checks whether the user may push.

https://distribution.github.io/distribution/spec/api/ (also OCI's distribution specification 1.1).
It uses `http.client`; `flows.images.registry.http` says why. python-dxf does not log in over plain HTTP, is not
typed and does not read labels. oras 0.2.43 returns a manifest only as parsed JSON (no digest, no body to verify),
cannot check whether a push is allowed, retries everything five times with pauses of 3 to 83 s, and has a flag for the
scheme.
"""

from __future__ import annotations

import contextlib
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from flows.images.advice import push_advice
from flows.images.errors import RegistryError, RegistryRefused
from flows.images.labels import SOURCE_DIGEST
from flows.images.reference import DOCKER_HUB, check_address, check_repository, check_tag
from flows.images.registry.artifacts import Artifacts
from flows.images.registry.auth import Credentials, Login, docker_login
from flows.images.registry.helpers import missing_helper
from flows.images.registry.http import ANSWER_BYTES
from flows.images.registry.manifests import (
    ACCEPT,
    RemoteImage,
    config_digest,
    images_of,
    is_digest,
    labels_of,
    verify,
)
from flows.images.registry.transport import Insecure, Transport
from flows.platforms import DEFAULT, platform_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from flows.images.reference import ImageReference
    from flows.images.registry.http import Response

_JSON = "application/json"
_CONFIG_BYTES = 8 * 1024 * 1024
"""An image's configuration also holds its history, and may be larger than a manifest."""


class Registry:
    """One registry, read with time limits; a context manager that keeps its connections. No request is sent twice.

    Args:
        address: `host` or `host:port`; None is Docker Hub.
        insecure: `http`: without TLS. `tls`: the certificate is not verified. None: HTTPS, verified, as always for
            Docker Hub. Neither falls back to the other, so that nobody who breaks TLS receives a password.
        username: With `password`, the user who reads and pushes. None for the login that `docker login` stored, if any.
        password: See `username`.
        timeout: Seconds without any data after which the registry counts as unreachable.
        unencrypted_login: Whether a password may be sent to another machine without TLS.
        root_certificates: PEM file of the certificate authorities, instead of the usual ones.
        client_certificate: PEM file of the certificate and its key that the registry asks for.

    Every method raises RegistryUnreachable, RegistryRefused or UnexpectedAnswer, and InvalidReference for a
    name that is not valid in a registry.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        insecure: Insecure | None = None,
        username: str | None = None,
        password: str | None = None,
        timeout: float = 15.0,
        unencrypted_login: bool = False,
        root_certificates: str | None = None,
        client_certificate: str | None = None,
    ) -> None:
        self.address = check_address(address)
        self.insecure = insecure if self.address else None
        self._given = Credentials(username, password or "") if username else None
        self._answers = False
        self._transport = Transport(
            self.address,
            insecure=self.insecure,
            credentials=lambda: self.credentials,
            missing_helper=lambda: None if self._given else missing_helper(self.address),
            timeout=timeout,
            unencrypted_login=unencrypted_login,
            root_certificates=root_certificates,
            client_certificate=client_certificate,
        )

    @cached_property
    def credentials(self) -> Credentials | None:
        """The login: as given, otherwise what `docker login` stored; None if anonymous. Read when first used."""
        return self._given or docker_login(self.address)

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __str__(self) -> str:
        return self.address or DOCKER_HUB

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def ping(self) -> None:
        """Make sure that the registry responds and admits this user."""
        self._transport.expect_ok(self._transport.send("GET", "/v2/", accept=_JSON))
        self._answers = True

    def check_push(self, reference: ImageReference) -> Login:
        """Log in and make sure that this user may push an image, before it takes minutes to build one.

        It begins an upload, as a push does, and cancels it at once, like CheckPushPermission of go-containerregistry.
        A registry has no other request for this, and reading may be allowed to everybody.

        Raises:
            RegistryRefused: wrong password, no right to push, or a registry that accepts no pushes.
        """
        scope = self._scope(reference.repository)
        token_scope = f"repository:{scope.removeprefix('/v2/')}:pull,push"
        begun = self._transport.send("POST", f"{scope}/blobs/uploads/", accept=_JSON, token_scope=token_scope)
        if begun.status != HTTPStatus.ACCEPTED:
            reason = self._transport.words(begun)
            advice = push_advice(reason, reference)
            raise RegistryRefused(
                str(self), f"does not accept a push to {reference.repository} ({reason})", advice
            )
        if where := begun.header("Location"):
            # If this fails, the registry removes the unfinished upload later.
            with contextlib.suppress(RegistryError):
                path = self._transport.path_of(urljoin(begun.url, where))
                self._transport.send("DELETE", path, accept=_JSON, token_scope=token_scope)
        return self._transport.login(token_scope)

    def manifest_digest(self, repository: str, tag: str) -> str | None:
        """Return the digest (`sha256:<hex>`) that a tag points to, or None if there is no such tag."""
        scope = self._scope(repository)
        response = self._read("HEAD", f"{scope}/manifests/{check_tag(tag)}", scope, ACCEPT)
        if response is None:
            return None
        self._transport.expect_ok(response)
        if is_digest(digest := response.header("Docker-Content-Digest")):
            return digest
        image = self.image(repository, tag)  # the header is optional; the digest of the body is the same
        return image.digest if image else None

    def image(self, repository: str, tag: str) -> RemoteImage | None:
        """Return digest and labels of an image in two requests, or None if there is no such tag.

        An index takes two requests more for each of its images.
        """
        scope = self._scope(repository)
        response = self._read("GET", f"{scope}/manifests/{check_tag(tag)}", scope, ACCEPT)
        if response is None:
            return None
        manifest = self._transport.object(response)
        digest = verify(response.content, response.header("Docker-Content-Digest"), str(self))
        images = images_of(manifest, str(self))
        if images is None:
            named, config = self._config(scope, manifest)
            platform = platform_of(config) or DEFAULT
            return RemoteImage(digest, labels_of(config), named, {platform: named})
        platforms, labels = dict[str, str](), list[dict[str, str]]()
        for platform, held in images.items():
            platforms[platform], config = self._config(scope, self._content(scope, "manifests", held))
            labels.append(labels_of(config))
        first = labels[0]
        if any(each.get(SOURCE_DIGEST) != first.get(SOURCE_DIGEST) for each in labels):
            first = {name: value for name, value in first.items() if name != SOURCE_DIGEST}
        return RemoteImage(digest, first, next(iter(platforms.values())), platforms, images)

    def artifacts(self, repository: str) -> Artifacts:
        """Return a repository for documents; it shares the connections and logins."""
        return Artifacts(self._transport, self._scope(repository))

    def _config(self, scope: str, manifest: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        named = config_digest(manifest, str(self))
        return named, self._content(scope, "blobs", named, _CONFIG_BYTES)

    def _content(self, scope: str, kind: str, digest: str, limit: int = ANSWER_BYTES) -> dict[str, Any]:
        accept = ACCEPT if kind == "manifests" else "*/*"
        path = f"{scope}/{kind}/{digest}"
        response = self._transport.send("GET", path, accept=accept, scope=scope, limit=limit)
        content = self._transport.object(response)
        verify(response.content, digest, str(self))
        return content

    def _read(self, method: str, path: str, scope: str, accept: str) -> Response | None:
        """Return the answer, or None for a 404, which means "no such tag" only if a registry sent it.

        A refusal may mean that the repository is absent. The right to push is checked before the build.
        """
        try:
            response = self._transport.send(method, path, accept=accept, scope=scope)
        except RegistryRefused as refused:
            if refused.maybe_absent:
                return None
            raise
        if response.status != HTTPStatus.NOT_FOUND:
            return response
        if not self._answers:
            self.ping()
        return None

    def _scope(self, repository: str) -> str:
        check_repository(repository)
        library = "library/" if self.address is None and "/" not in repository else ""
        return f"/v2/{library}{repository}"
