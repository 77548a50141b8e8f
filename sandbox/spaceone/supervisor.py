"""Runs SpaceONE's supervisor with two of its faults mended.

`python supervisor.py run scheduler spaceone.supervisor -c FILE`, by the services' interpreter: the same words as
`spaceone` takes. Both generations have these faults, under the same names.

- SupervisorManager.delete_plugin looks containers up by plugin and version alone, and so stops those of another
  supervisor on the same engine, too: somebody else's sandbox, or a platform that shares the engine.
- A plugin whose container does not start ends the round before the others are started and published, in every
  round: one broken version would keep all later ones, its own repair among them, from ever being reached.
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
    except Exception as error:  # noqa: BLE001 - whatever it is, the other plugins are to be started
        _LOGGER.error("%s %s did not start: %s", params.get("plugin_id"), params.get("version"), error)
        return None


SupervisorManager.list_plugins_by_label = _find_own
SupervisorService.install_plugin = _install_or_tell

if __name__ == "__main__":
    sys.argv[0] = "spaceone"
    sys.exit(cli())
