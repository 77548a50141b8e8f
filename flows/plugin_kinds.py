"""The kinds of SpaceONE plugins: what they are registered as, what the platform calls, and what is made of one.

Checked with spaceone-core, -api, -repository, -identity, -cost-analysis, -monitoring and -notification of 1.12 and
2.x. The repository stores any type. The service that uses a plugin finds a method by the last part of the name of its
gRPC service (`GRPCClient`), so `Webhook` of `alert_manager` does as well as that of `monitoring`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from flows.generation import Generation

COLLECTOR = "spaceone.api.inventory.plugin.Collector"
"""The service that the platform calls to collect."""
COLLECTS = "inventory.Collector"
"""The type of a plugin that collects."""

TYPE_FIELDS: Mapping[str, str] = {Generation.V1_12: "service_type", Generation.V2: "resource_type"}
"""The field of a plugin for its type, by generation."""

_FORM = re.compile(r"[a-z][a-z0-9_]*\.[A-Z][A-Za-z0-9]*")
_ALMOST = 0.9
"""How similar a word is that was mistyped; `billing.DataSource` and `monitoring.DataSource` have 0.8."""
#: Beginnings of the names of services that say nothing about what a plugin is for.
_GENERAL = ("grpc.", "spaceone.api.core.")


@dataclass(frozen=True, slots=True)
class Use:
    """How a plugin is put to use once it is registered, and later gets another version.

    Attributes:
        create: The call of the API that takes its id and version.
        update: The one that gives a new version to what exists.
    """

    create: str
    update: str


@dataclass(frozen=True, slots=True)
class PluginKind:
    """What a plugin is for.

    Attributes:
        type: The value of `service_type` (1.12) and `resource_type` (2.x).
        noun: What people call one.
        services: By generation, the full names of the gRPC services that the platform calls first; one is enough. A
            generation that is missing has no such plugins.
        partners: Names of further services in the same package that it calls later; of each group, one is enough.
        framework: The last part of the package of its server in SpaceONE's framework, such as `webhook`.
        endings: How images and repositories of such plugins end, by the habit of SpaceONE's organisation.
        capability: Parts of the plugin's `capability` without which the platform refuses to use it, with the values
            that each may have; any if there are none.
        then: What is done with a published plugin.
        uses: By generation, how.
        instead: What to declare for a generation that has no such plugins.
    """

    type: str
    noun: str
    services: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    partners: tuple[tuple[str, ...], ...] = ()
    framework: str = ""
    endings: tuple[str, ...] = ()
    capability: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    then: str = ""
    uses: Mapping[str, Use] = field(default_factory=dict)
    instead: str = ""

    @property
    def collects(self) -> bool:
        """Whether it is an inventory collector: the only kind that a release creates something with, and collects."""
        return self.type == COLLECTS

    @property
    def label(self) -> str | None:
        """The type for the image's label; None for a collector, whose image has none."""
        return None if self.collects else self.type

    @property
    def known(self) -> bool:
        """Whether it is one of `KINDS`."""
        return bool(self.services)

    def __str__(self) -> str:
        return f"{'an' if self.noun[0] in 'aeiou' else 'a'} {self.noun}"

    def is_in(self, package: str, generation: str) -> bool:
        """Whether a server in a package of SpaceONE's framework may be of this kind."""
        _, service, *rest = package.split(".")
        own = self.services.get(generation) or (_by_convention(self.type),)
        return service in {name.split(".")[2] for name in own} and (not rest or rest[-1] == self.framework)

    def on(self, generation: str) -> Expected:
        """What its image must serve on a platform of a generation."""
        return Expected(self, generation)

    def obstacle(self, generation: str) -> str:
        """Why a platform of a generation can do nothing with such a plugin, or ""."""
        if not self.known or generation in self.services:
            return ""
        return f"SpaceONE {generation} has no plugins of the type {self.type}: nothing would call it. {self.instead}"

    def remark(self, generation: str) -> str:
        """What to know before such a plugin is published: that a release ends there; "" for a collector."""
        if self.collects:
            return ""
        if self.known:
            return f"It is {self}, and no collector: the release ends when it is registered."
        types = ", ".join(kind.type for kind in KINDS)
        return (
            f"{self.type} is not among the types that the pipeline knows ({types}). SpaceONE {generation} stores any "
            "type: the release ends when the plugin is registered."
        )

    def unusable(self, capability: Mapping[str, object]) -> tuple[str, ...]:
        """Remarks on what a plugin's `capability` lacks: it is registered, and then the platform refuses to use it."""
        found = []
        for name, values in self.capability.items():
            if name in capability and (not values or capability[name] in values):
                continue
            state = "another value" if name in capability else "not declared"
            wanted = f" ({' or '.join(values)})" if values else ""
            calls = " or ".join({use.create: None for use in self.uses.values()})
            found.append(f"capability.{name} is {state}{wanted}: {calls} refuses such a plugin.")
        return tuple(found)

    def next_step(self, generation: str) -> str:
        """What the user does with a published plugin, in a sentence."""
        use = self.uses.get(generation)
        if use is None:
            return f"Use it where the platform takes plugins of the type {self.type}."
        renewed = (
            f" What exists takes the new version with {use.update}, or by itself with upgrade_mode AUTO."
        )
        return f"{self.then} or by the API ({use.create}).{renewed}"


@dataclass(frozen=True, slots=True)
class Expected:
    """What an image must serve: a kind, on a platform of a generation."""

    kind: PluginKind
    generation: str

    @property
    def services(self) -> tuple[str, ...]:
        """The full names of gRPC services of which one must be served."""
        return self.kind.services.get(self.generation) or (_by_convention(self.kind.type),)

    def is_served(self, served: Collection[str]) -> bool:
        """Whether the platform could use a server that lists these services.

        Of a type that is not known, any service of its own is enough.
        """
        if any(service in served for service in self.services):
            return True
        if self.kind.known:
            return False
        own = f"spaceone.api.{self.kind.type.partition('.')[0]}."
        telling = [name for name in served if not name.startswith(_GENERAL)]
        of_others = _SERVICES.intersection(telling)
        return any(name.startswith(own) for name in telling) or bool(telling and not of_others)

    def contradiction(self, served: Collection[str]) -> tuple[str, str]:
        """What a server with these services does not serve, and what to do; for one that `is_served` refuses."""
        listed = ", ".join(served) or "no service"
        wanted = " or ".join(self.services)
        if others := kinds_serving(served, self.generation):
            types = " or ".join(kind.type for kind in others)
            return (
                f"it serves {others[0]}, and the manifest registers it as {self.kind.type}; it lists {listed}",
                f"Write the type {types} into the manifest, or make its server serve {wanted}",
            )
        return (
            f"it does not serve {wanted}; it lists {listed}",
            (
                f"Make its server serve the {self.kind.noun}; start a plugin that uses SpaceONE's framework with "
                "`spaceone run plugin-server plugin`"
            ),
        )

    def others_in(self, package: str) -> list[PluginKind]:
        """The kinds that a server in SpaceONE's framework may be, if it cannot be this one.

        Args:
            package: `spaceone.monitoring`, or with the kind `spaceone.monitoring.plugin.webhook`.
        """
        found = [kind for kind in KINDS if kind.is_in(package, self.generation)]
        return [] if self.kind.is_in(package, self.generation) else found

    def lacking(self, served: Collection[str]) -> tuple[str, ...]:
        """Remarks on services that the platform would call later, and that a server does not list."""
        packages = [name.rpartition(".")[0] for name in self.services if name in served]
        return tuple(
            f"It does not serve {' or '.join(f'{packages[0]}.{name}' for name in group)}, which the platform calls "
            f"when it uses {self.kind}"
            for group in self.kind.partners
            if packages and not any(f"{package}.{name}" in served for package in packages for name in group)
        )


def kind_of(plugin_type: str) -> PluginKind:
    """The kind with a type, in whichever spelling; one of its own if it is none of `KINDS`."""
    letters = _letters(plugin_type)
    found = next((kind for kind in KINDS if _letters(kind.type) == letters), None)
    return found or PluginKind(plugin_type, f"plugin of the type {plugin_type}")


def kind_named(name: str) -> PluginKind | None:
    """The kind that an image's or repository's name ends as; None if it ends as none."""
    found = [(len(ending), kind) for kind in KINDS for ending in kind.endings if name.endswith(ending)]
    return max(found, key=lambda each: each[0])[1] if found else None


def kinds_serving(served: Iterable[str], generation: str) -> list[PluginKind]:
    """The kinds that a server with these services may be registered as on a platform of a generation."""
    names = set(served)
    return [kind for kind in KINDS if names.intersection(kind.services.get(generation, ()))]


def check_type(plugin_type: str) -> None:
    """Checks the form of a type, which the repository does not.

    Raises:
        ValueError: it is not of the form service.Resource, or is almost one of `KINDS`.
    """
    if kind_of(plugin_type).known:
        return
    types = [kind.type for kind in KINDS]
    if close := get_close_matches(plugin_type, types, n=1, cutoff=_ALMOST):
        raise ValueError(f"is no type that is known: is {close[0]} meant?")
    if not _FORM.fullmatch(plugin_type):
        raise ValueError(
            f"is no type of a plugin: {', '.join(types)}, or another of the form service.Resource"
        )


def _letters(text: str) -> str:
    return re.sub(r"[-_\s]", "", text.lower())


def _by_convention(plugin_type: str) -> str:
    service, _, resource = plugin_type.partition(".")
    return f"spaceone.api.{service}.plugin.{resource}"


def _same(service: str) -> Mapping[str, tuple[str, ...]]:
    return {Generation.V1_12: (service,), Generation.V2: (service,)}


def _used(create: str, update: str) -> Mapping[str, Use]:
    return dict.fromkeys((Generation.V1_12, Generation.V2), Use(create, update))


_AUTH, _EXTERNAL = "spaceone.api.identity.plugin.Auth", "spaceone.api.identity.plugin.ExternalAuth"
_OLD_AUTH = Use("identity.Domain.change_auth_plugin", "identity.Domain.update_plugin")
_NEW_AUTH = Use("identity.ExternalAuth.set", "the same call")
_SIGN_IN = PluginKind(
    "identity.Domain",
    "authentication plugin",
    {Generation.V1_12: (_AUTH,), Generation.V2: (_EXTERNAL,)},
    framework="external_auth",
    endings=("-identity-auth",),
    then="Let a domain sign its users in with it, in the console",
    uses={Generation.V1_12: _OLD_AUTH, Generation.V2: _NEW_AUTH},
)
_DATA_SOURCE = "Create a data source with it, in the console if it lists the plugin"

KINDS = (
    PluginKind(
        COLLECTS,
        "collector",
        _same(COLLECTOR),
        framework="collector",
        endings=("-inven-collector", "-collector"),
        then="Create a collector with it, in the console",
        uses=_used("inventory.Collector.create", "inventory.Collector.update_plugin"),
    ),
    PluginKind(
        "cost_analysis.DataSource",
        "cost data source",
        _same("spaceone.api.cost_analysis.plugin.DataSource"),
        partners=(("Job",), ("Cost",)),
        framework="data_source",
        endings=("-cost-datasource",),
        then=_DATA_SOURCE,
        uses=_used("cost_analysis.DataSource.register", "cost_analysis.DataSource.update_plugin"),
    ),
    PluginKind(
        "monitoring.DataSource",
        "monitoring data source",
        _same("spaceone.api.monitoring.plugin.DataSource"),
        partners=(("Metric", "Log"),),
        endings=("-mon-datasource",),
        capability={"monitoring_type": ("METRIC", "LOG"), "supported_schema": ()},
        then=_DATA_SOURCE,
        uses=_used("monitoring.DataSource.register", "monitoring.DataSource.update_plugin"),
    ),
    PluginKind(
        "monitoring.Webhook",
        "webhook",
        {
            Generation.V1_12: ("spaceone.api.monitoring.plugin.Webhook",),
            # The alert manager, whose plugins the console lists with this type, has a package of its own.
            Generation.V2: (
                "spaceone.api.monitoring.plugin.Webhook",
                "spaceone.api.alert_manager.plugin.Webhook",
            ),
        },
        partners=(("Event",),),
        framework="webhook",
        endings=("-mon-webhook",),
        then="Create a webhook with it, in the console if it lists the plugin",
        uses=_used("monitoring.Webhook.create", "monitoring.Webhook.update_plugin"),
    ),
    PluginKind(
        "notification.Protocol",
        "notification protocol",
        {
            Generation.V1_12: ("spaceone.api.notification.plugin.Protocol",),
            Generation.V2: (
                "spaceone.api.notification.plugin.Protocol",
                "spaceone.api.alert_manager.plugin.Protocol",
            ),
        },
        partners=(("Notification",),),
        framework="protocol",
        endings=("-noti-protocol",),
        capability={"supported_schema": ()},
        then="Create a protocol with it, in the console if it lists the plugin",
        uses=_used("notification.Protocol.create", "notification.Protocol.update_plugin"),
    ),
    _SIGN_IN,
    replace(_SIGN_IN, type="identity.Auth", endings=()),
    PluginKind(
        "identity.ExternalAuth",
        "authentication plugin",
        {Generation.V2: (_EXTERNAL,)},
        framework="external_auth",
        then=_SIGN_IN.then,
        uses={Generation.V2: _NEW_AUTH},
        instead="Declare service_type: identity.Domain as well, and a plugin that serves identity.plugin.Auth.",
    ),
    PluginKind(
        "identity.Provider",
        "account collector",
        {Generation.V2: ("spaceone.api.identity.plugin.AccountCollector",)},
        framework="account_collector",
        endings=("-account-collector",),
        then="Name it in the plugin_info of a provider, in the console",
        uses={Generation.V2: Use("identity.Provider.create", "identity.Provider.update_plugin")},
        instead="Release it into an installation of 2.x.",
    ),
)

_SERVICES = frozenset(service for kind in KINDS for each in kind.services.values() for service in each)
