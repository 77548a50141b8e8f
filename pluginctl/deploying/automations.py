"""Automations: Prefect's own format, but a notification's name may stand in the place of a block's id.

Ids are those of one server. So a project's files and the comparison have names, and only what is sent has ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from prefect.events.schemas.automations import AutomationCore

NAME, ID = "notification", "block_document_id"
_SETS = {"after", "expect", "for_each"}


def complete(body: Mapping[str, Any]) -> dict[str, Any]:
    """A file's fields with all that Prefect adds, to be compared with `fields`.

    Raises:
        pydantic.ValidationError: it is no automation.
    """
    ids = {name: UUID(int=number) for number, name in enumerate(sorted(notifications(body)))}
    return fields(automation(body, ids), ids)


def notifications(body: Mapping[str, Any]) -> set[str]:
    """The names of the notifications that an automation sends."""
    return {
        str(each[NAME]) for each in body.get("actions") or () if isinstance(each, Mapping) and NAME in each
    }


def automation(body: Mapping[str, Any], ids: Mapping[str, UUID]) -> AutomationCore:
    """What is sent to a server.

    Args:
        body: With names.
        ids: The blocks of the server by name.

    Raises:
        pydantic.ValidationError: it is no automation.
    """
    from prefect.events.schemas.automations import AutomationCore

    actions = [
        _renamed(each, NAME, ID, str(ids[str(each[NAME])]))
        if isinstance(each, Mapping) and NAME in each
        else each
        for each in body.get("actions") or ()
    ]
    return AutomationCore.model_validate({**body, "actions": actions})


def fields(held: AutomationCore, ids: Mapping[str, UUID]) -> dict[str, Any]:
    """What is compared: with names, and what is a set for Prefect in order.

    Args:
        held: As a server returns it.
        ids: The blocks of the server by name. A block of another name keeps its id.
    """
    names = {str(each): name for name, each in ids.items()}
    # The server refuses an update that names the owner, even if there is none.
    left_out = {"id", "created", "updated", "owner_resource"}
    shown = dict(_in_order(held.model_dump(mode="json", exclude=left_out)))
    shown["actions"] = [
        _renamed(each, ID, NAME, names[each[ID]]) if each.get(ID) in names else each
        for each in shown["actions"]
    ]
    return shown


def _renamed(action: Mapping[str, Any], old: str, new: str, value: str) -> dict[str, Any]:
    return {**{key: each for key, each in action.items() if key != old}, new: value}


def _in_order(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _in_order(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return sorted(value) if name in _SETS else [_in_order(each) for each in value]
    return value
