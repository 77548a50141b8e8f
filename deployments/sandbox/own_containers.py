"""Runs SpaceONE's supervisor and holds it to the containers that carry its own name.

`python own_containers.py run scheduler spaceone.supervisor -c FILE`, by the services' interpreter: the same words as
`spaceone` takes. SupervisorManager.delete_plugin looks containers up by plugin and version alone, so that it stops
those of another supervisor on the same engine, too: somebody else's sandbox, or a platform that shares the engine.
"""

from __future__ import annotations

import sys
from typing import Any

from spaceone.core import config
from spaceone.core.command import cli
from spaceone.supervisor.manager.supervisor_manager import SupervisorManager

_find = SupervisorManager.list_plugins_by_label


def _find_own(self: Any, label: list[str]) -> Any:
    return _find(self, [*label, f"spaceone.supervisor.name={config.get_global('NAME')}"])


SupervisorManager.list_plugins_by_label = _find_own

if __name__ == "__main__":
    sys.argv[0] = "spaceone"
    sys.exit(cli())
