from __future__ import annotations

from uuid import UUID

import pytest
from prefect.events.schemas.automations import Automation
from pydantic import ValidationError

from pluginctl.deploying import automations

BODY = {
    "name": "Tell",
    "trigger": {"type": "event", "posture": "Reactive", "expect": ["b", "a"], "threshold": 1, "within": 0},
    "actions": [
        {"type": "send-notification", "notification": "team", "subject": "s", "body": "b"},
        {"type": "send-notification", "notification": "boss", "subject": "s", "body": "b"},
        {"type": "do-nothing"},
    ],
}
IDS = {"team": UUID(int=7), "boss": UUID(int=8)}


def test_what_is_sent_has_ids_and_what_is_compared_has_names():
    sent = automations.automation(BODY, IDS)
    assert [getattr(each, "block_document_id", None) for each in sent.actions] == [
        UUID(int=7),
        UUID(int=8),
        None,
    ]
    shown = automations.fields(sent, IDS)
    assert [each.get("notification") for each in shown["actions"]] == ["team", "boss", None]
    assert shown == automations.complete(BODY)


def test_what_a_server_returns_is_compared_without_what_it_adds():
    held = Automation(id=UUID(int=1), **automations.automation(BODY, IDS).model_dump())
    assert automations.fields(held, IDS) == automations.complete(BODY)


def test_a_set_is_in_order():
    assert automations.complete(BODY)["trigger"]["expect"] == ["a", "b"]


def test_a_block_of_somebody_else_keeps_its_id():
    sent = automations.automation(BODY, IDS)
    assert automations.fields(sent, {"team": IDS["team"]})["actions"][1]["block_document_id"] == str(
        IDS["boss"]
    )


def test_what_is_no_automation_is_refused():
    with pytest.raises(ValidationError):
        automations.complete({"name": "x", "actions": [{"type": "send-notification"}]})
