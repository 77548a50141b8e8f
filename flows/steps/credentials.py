"""Asks a plugin whether it accepts the secrets of the service accounts, before it collects for the first time.

The trial run cannot ask: its container has no network. In 1.12, inventory asks the plugin on the platform, with the
secret that the platform holds (`Collector.verify_plugin`). The same call of inventory 2.x mixes up its arguments
(2.0.dev247: `get_endpoint` gets the version as the domain), and never reaches a plugin. So in 2.x the plugin's
container is asked directly, with the secret of the manifest, where the environment says where it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from flows.images.errors import ImageError
from flows.manifest import Manifest, ServiceAccount
from flows.spaceone import CallError, Client, Generation, SpaceoneError
from flows.steps.catalogue import VERIFY_SECRETS
from flows.steps.errors import CredentialsRefused
from flows.steps.parts import Planned, Registered
from flows.steps.plugin_containers import RunningPlugin, containers, last_words, without
from flows.steps.runner import Runner, Step
from flows.steps.session import Session

_SECONDS = 60.0
_VERIFY = "plugin.Collector.verify"
#: The plugin has no answer now, or has no such method.
_UNDECIDED = frozenset(
    {"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "CANCELLED", "UNIMPLEMENTED"}
)
#: The platform did not come as far as to ask the plugin.
_NOT_ASKED = ("ERROR_GRPC_", "ERROR_PLUGIN_", "ERROR_INSTALL_", "ERROR_CONNECTOR", "ERROR_NO_")
#: A code of the plugin or of the platform that speaks of a way, and not of a secret.
_NO_ANSWER = re.compile(
    "UNREACHABLE|UNAVAILABLE|TIMEOUT|TIMED_OUT|CONNECTION|RATE_LIMIT|TOO_MANY|QUOTA|BROKEN"
)
_OF_PLATFORM = frozenset({"ERROR_PERMISSION_DENIED", "ERROR_INVALID_PLUGIN_VERSION", "ERROR_NOT_FOUND"})


def verify_secrets(
    session: Session, manifest: Manifest, planned: Planned, registered: Registered, runner: Runner
) -> None:
    """Asks the plugin to verify the secret of each account that is new, or all if the collector never collected.

    A plugin that cannot be asked, or has no answer, does not stop a release: the collection shows it.

    Args:
        session: The environment's services.
        manifest: The manifest with the service accounts.
        planned: What was released.
        registered: The platform's ids.
        runner: Runs the step.

    Raises:
        CredentialsRefused: the plugin does not accept a secret.
    """
    if unproven := list(_unproven(manifest.service_accounts, planned)):
        verifier = _Verifier(session, manifest, planned, registered)

        def verify() -> str:
            return "; ".join(f"{account.name}: {verifier.verify(account)}" for account in unproven)

        runner.run(Step(VERIFY_SECRETS, verify, outcome=str))


def _unproven(accounts: Iterable[ServiceAccount], planned: Planned) -> Iterator[ServiceAccount]:
    collector = planned.plan.action("collector")
    first = not (collector.record or {}).get("last_collected_at")
    written = {action.name for action in planned.plan.writes if action.kind in {"service account", "secret"}}
    for account in accounts:
        if account.secret_data and (first or account.name in written):
            yield account


class _Verifier:
    def __init__(
        self, session: Session, manifest: Manifest, planned: Planned, registered: Registered
    ) -> None:
        self._session = session
        self._ids = registered.ids
        self._collector_id = str(planned.collector_id(registered))
        plugin_id = planned.plan.action("plugin").name
        self._plugin = RunningPlugin.of(manifest, plugin_id, planned.source.plugin.version)

    def verify(self, account: ServiceAccount) -> str:
        """How the plugin answered, in a few words."""
        started = datetime.now(UTC).isoformat()
        ask = self._ask_platform if self._session.generation is Generation.V1_12 else self._ask_plugin
        try:
            return ask(account)
        except CallError as error:
            said = without(account.secret_data, error.server_text or error.status)
            if (
                error.status in _UNDECIDED
                or error.error_code in _OF_PLATFORM
                or error.error_code.startswith(_NOT_ASKED)
                or _NO_ANSWER.search(error.error_code)
            ):
                return f"not known ({said})"
            lines = last_words(self._session.environment, self._plugin, started)
            raise CredentialsRefused(account.name, str(account.place), said, lines or ()) from None
        except (SpaceoneError, ImageError) as error:
            return f"not asked ({without(account.secret_data, error.message)})"

    def _ask_platform(self, account: ServiceAccount) -> str:
        params = {"collector_id": self._collector_id, "secret_id": self._ids["secret", account.name]}
        self._session.client.call("inventory.Collector.verify_plugin", params, _SECONDS)
        return "accepted"

    def _ask_plugin(self, account: ServiceAccount) -> str:
        with containers(self._session.environment, self._plugin) as found:
            endpoint = next((each.endpoint for each in found if each.endpoint), None)
        if endpoint is None:
            return "not asked, because the plugin's container cannot be reached from here"
        collector = self._session.client.call("inventory.Collector.get", {"collector_id": self._collector_id})
        options = (collector.get("plugin_info") or {}).get("options") or {}
        with Client({"plugin": str(endpoint)}) as client:
            client.call(_VERIFY, {"options": options, "secret_data": account.secret_data}, _SECONDS)
        return "accepted"
