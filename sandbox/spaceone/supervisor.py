"""Runs SpaceONE's supervisor with fixes for two of its bugs.

`python supervisor.py run scheduler spaceone.supervisor -c FILE`, with the services' Python. The arguments are those of
`spaceone`. Both generations (2.x and 1.12) have these bugs, in functions with the same names.

- SupervisorManager.delete_plugin finds containers only by plugin and version. So it also stops the containers of
  another supervisor on the same engine: those of another sandbox, or of a platform that shares the engine.
- If the container of a plugin does not start, the round ends before the other plugins are started and published. This
  happens in every round: one broken version would block all later ones, also the version that repairs it.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

from spaceone.core import config
from spaceone.core.command import cli
from spaceone.supervisor.manager.supervisor_manager import SupervisorManager
from spaceone.supervisor.service.supervisor_service import SupervisorService

_LOGGER = logging.getLogger("spaceone.supervisor")
_find = SupervisorManager.list_plugins_by_label
_install = SupervisorService.install_plugin


def _find_own(self: Any, label: str | list[str]) -> Any:
    labels = [label] if isinstance(label, str) else label
    return _find(self, [*labels, f"spaceone.supervisor.name={config.get_global('NAME')}"])


def _install_or_tell(self: Any, params: dict[str, Any]) -> Any:
    try:
        return _install(self, params)
    except Exception as error:  # noqa: BLE001 - after any error, the other plugins must be started
        _LOGGER.error("%s %s did not start: %s", params.get("plugin_id"), params.get("version"), error)
        return None


SupervisorManager.list_plugins_by_label = _find_own
SupervisorService.install_plugin = _install_or_tell

if __name__ == "__main__":
    sys.argv[0] = "spaceone"
    sys.exit(cli())
