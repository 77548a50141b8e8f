"""What a plugin on the platform says: asked in its container, where the environment says where that is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flows import hidden
from flows.images.errors import ImageError
from flows.manifest import Environment, Manifest

if TYPE_CHECKING:
    from flows.images.engine.plugins import PluginContainer


@dataclass(frozen=True)
class RunningPlugin:
    """A version of a plugin on the platform.

    Attributes:
        plugin_id: The plugin's id.
        version: Its version.
        provider: The provider of its secrets, and of what it collects.
        secrets: The secret data of its service accounts, which is not shown of what it writes.
    """

    plugin_id: str
    version: str
    provider: str
    secrets: tuple[Mapping[str, Any] | None, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, manifest: Manifest, plugin_id: str, version: str) -> RunningPlugin:
        """The plugin that a manifest declares."""
        secrets = tuple(each.secret_data for each in manifest.service_accounts)
        return cls(plugin_id, version, manifest.provider_name, secrets)

    def __str__(self) -> str:
        return f"{self.plugin_id} {self.version}"


@contextlib.contextmanager
def containers(environment: Environment, plugin: RunningPlugin) -> Iterator[list[PluginContainer]]:
    """The containers of a plugin, the newest first; none where the environment does not say where they are.

    Raises:
        ImageError: the engine does not answer.
    """
    network = environment.settings.plugin_network
    if network is None:
        yield []
        return
    from flows.images.engine.client import Engine

    with Engine.connect() as engine:
        yield engine.plugin_containers(network, plugin.plugin_id, plugin.version)


def last_words(environment: Environment, plugin: RunningPlugin, since: str) -> tuple[str, ...] | None:
    """The last lines that a plugin has written since a moment; None where its containers cannot be read.

    Args:
        environment: The environment of the platform.
        plugin: The plugin.
        since: The moment, in ISO 8601; empty for all times.
    """
    moment = None
    with contextlib.suppress(ValueError):
        moment = datetime.fromisoformat(since)
    try:
        with containers(environment, plugin) as found:
            if not found:
                return None
            lines = [line for each in reversed(found) for line in each.lines(moment)]
    except ImageError:
        return None
    return tuple(without(plugin.secrets, line) for line in lines)


def where_to_look(plugin: RunningPlugin) -> str:
    """Where the plugin's own log is, if it cannot be shown."""
    return (
        f"The plugin's own log may say more: it is the log of the container that the platform's supervisor runs for "
        f"{plugin}."
    )


def without(secret: object, text: str) -> str:
    """A text without the values of secret data, whether they are declared as secret or stand in the manifest."""
    return hidden.without(text, _values(secret))


def _values(secret: object) -> Iterator[str]:
    if isinstance(secret, Mapping):
        for value in secret.values():
            yield from _values(value)
    elif isinstance(secret, list | tuple):
        for value in secret:
            yield from _values(value)
    elif secret is not None and not isinstance(secret, bool):
        yield str(secret)
