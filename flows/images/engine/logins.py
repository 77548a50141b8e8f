"""The logins that Docker's Python SDK sends to the engine with a build, a pull and a push.

Like Docker's command line, and unlike the SDK: a credential helper that fails means that there is no login for its
registry, and does not concern the others (`flows.images.registry.helpers`).
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from docker.auth import INDEX_NAME, AuthConfig, convert_to_hostname, resolve_repository_name
from docker.credentials.errors import StoreError
from docker.errors import DockerException

from flows.images.registry.helpers import missing_helper

if TYPE_CHECKING:
    from collections.abc import Iterable

    import docker


class Logins(AuthConfig):
    """The logins of Docker's configuration. A helper is called when its registry's login is needed, as in the SDK."""

    def get_all_credentials(self) -> dict[str, Any]:
        """Every login, by registry."""
        found = dict(self.auths)
        named: list[tuple[str, str]] = []
        if self.creds_store:
            with suppress(StoreError, ValueError, AttributeError):
                named += [
                    (registry, self.creds_store)
                    for registry in self._get_store_instance(self.creds_store).list()
                ]
        for registry, program in (*named, *self.cred_helpers.items()):  # a registry's own helper comes first
            if login := self._resolve_authconfig_credstore(registry, program):
                found[registry] = found[convert_to_hostname(registry)] = login
        return found

    def _resolve_authconfig_credstore(self, registry: str, credstore_name: str) -> Any:
        with suppress(DockerException, StoreError, ValueError, KeyError):
            return super()._resolve_authconfig_credstore(  # type: ignore[misc]  # of the SDK
                registry, credstore_name
            )
        return None

    def _get_store_instance(self, name: str) -> Any:
        if shutil.which(f"docker-credential-{name}") is None:
            raise StoreError(f"docker-credential-{name} is not installed")  # the SDK prints a warning
        return super()._get_store_instance(name)  # type: ignore[misc]  # of the SDK


def use_logins(client: docker.DockerClient) -> None:
    """Let a client of the SDK read its logins this way."""
    api = client.api
    logins = Logins.load_config(None, None, credstore_env=api.credstore_env)
    api._auth_configs = logins  # type: ignore[attr-defined]  # noqa: SLF001 - the SDK has no public name for it


def without_login(images: Iterable[str]) -> str:
    """Which images are pulled without a login because its helper is missing, with what to do; "" if none is."""
    for name in images:
        registry, _ = resolve_repository_name(name)
        if helper := missing_helper(None if registry == INDEX_NAME else registry):
            return f"{name} is pulled without a login: {helper.problem}. {helper.advice}"
    return ""
